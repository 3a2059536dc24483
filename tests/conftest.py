"""The small cast that everybody's tests share: settings, services, a client, and the real server as a process."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from settings import Settings
from tests.backends.templates import ADMIN_KEY, ADMIN_PASSWORD, known_settings

pytest_plugins = ("tests.backends.stores",)

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 60


@pytest.fixture
def settings(store_kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> Settings:
    """Settings on a new store, with a known password and key."""
    if store_kind == "postgresql":
        return request.getfixturevalue("pg_settings")
    return known_settings(f"sqlite:///{tmp_path}/store/pulseboard.sqlite3")


@pytest.fixture
def services(store_kind: str, settings: Settings, request: pytest.FixtureRequest) -> Iterator[Any]:
    """The real services on a bootstrapped store with the site main; writer and timers run."""
    from services.container import build

    if store_kind == "sqlite":
        target = Path(settings.database_url.removeprefix("sqlite:///"))
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(request.getfixturevalue("sqlite_templates").bootstrapped, target)
    built = build(settings)
    built.start()
    yield built
    built.stop()


@pytest.fixture
def app(settings: Settings, services: Any) -> Any:
    from app import create_app

    return create_app(settings, services)


@pytest.fixture
def client(app: Any) -> Any:
    """Flask's test client, as a stranger; see `admin_key` and `signed_in`."""
    return app.server.test_client()


@pytest.fixture
def admin_key() -> dict[str, str]:
    """The header of a caller with all permissions."""
    return {"Authorization": f"Bearer {ADMIN_KEY}"}


@pytest.fixture
def signed_in(client: Any, services: Any) -> Callable[..., Any]:
    """Signs the client in by cookie and gives the headers its changes need: `signed_in("admin")`."""

    def sign_in(username: str = "admin") -> dict[str, str]:
        token, session = services.sessions.open(services.accounts.get(username))
        client.set_cookie("pulseboard_session", token)
        return {"X-CSRF-Token": session.csrf_token, "Origin": "http://localhost"}

    return sign_in


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Server:
    """A real server process of ours; `environ` adds to or changes its settings before start()."""

    directory: Path
    environ: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    key: str = ADMIN_KEY
    password: str = ADMIN_PASSWORD
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def database_url(self) -> str:
        return f"sqlite:///{self.directory}/pulseboard.sqlite3"

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"}

    @property
    def log(self) -> Path:
        return self.directory / "server.log"

    def settings(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "DATABASE_URL": self.database_url,
            "PORT": str(self.port),
            "BOOTSTRAP_ADMIN_PASSWORD": self.password,
            "BOOTSTRAP_API_KEY": self.key,
            **self.environ,
        }

    def start(self) -> Server:
        """Starts it in a process group of its own and waits until it answers."""
        self.directory.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, str(ROOT / "app.py")],
                cwd=ROOT,
                env=self.settings(),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._wait_until_it_answers()
        return self

    def _wait_until_it_answers(self) -> None:
        assert self.process is not None
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            try:
                if httpx.get(f"{self.url}/analytics/health/live", timeout=2).status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.1)
        self.kill()
        raise AssertionError(f"the server did not start:\n{self.log.read_text()[-4000:]}")

    def kill(self) -> None:
        """SIGKILL to master and worker at once, as a power cut would."""
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(timeout=10)
        self.process = None

    def stop(self, seconds: float = 30) -> int:
        """SIGTERM, as an operator would; the exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=seconds)
        self.process = None
        return code


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """The real server under gunicorn on a free port with an empty store; killed at the end."""
    running = Server(tmp_path / "server")
    try:
        yield running.start()
    finally:
        running.kill()


@pytest.fixture
def new_server(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Makes servers that are not started yet: `new_server(PORT="9000", …).start()`; all are killed at the end."""
    made: list[Server] = []

    def make(**environ: str) -> Server:
        made.append(Server(tmp_path / f"server-{len(made)}", environ=environ))
        return made[-1]

    yield make
    for one in made:
        one.kill()


def pytest_setup_options() -> Any:
    """Chromium for dash_duo: Debian's, without a window, and silent on the network."""
    from selenium.webdriver.chrome.options import Options

    options = Options()
    options.binary_location = "/usr/bin/chromium"
    for flag in (
        "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1300,900",
        "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
        "--disable-sync",
    ):  # fmt: skip
        options.add_argument(flag)
    return options
