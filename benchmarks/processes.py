"""Servers as processes of their own: Pulseboard itself, and what it is compared with."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx

from benchmarks.orders import ZONE

ROOT = Path(__file__).resolve().parent.parent
KEY = "pb_key-of-a-benchmark-with-all-permissions"
PASSWORD = "a password of a benchmark"
PULSEBOARD = ("app.py",)
START_SECONDS, STOP_SECONDS = 60, 20


@dataclass(frozen=True, slots=True)
class Server:
    """One that runs: where it listens, and the process that all of its others come from."""

    port: int
    process: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def socket_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {KEY}"}


@contextlib.contextmanager
def serving(place: Path, program: Sequence[str] = PULSEBOARD, zone: str = ZONE) -> Iterator[Server]:
    """Runs `python program…` with the settings of a new store in `place`, until the block ends."""
    place.mkdir()
    log, port = place / "server.log", free_port()
    settings = {
        "PATH": os.environ["PATH"], "HOST": "127.0.0.1", "PORT": str(port), "SITE_TZ": zone,
        "DATABASE_URL": f"sqlite:///{place}/pulseboard.sqlite3",
        "BOOTSTRAP_ADMIN_PASSWORD": PASSWORD, "BOOTSTRAP_API_KEY": KEY,
    }  # fmt: skip
    with log.open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, *program], cwd=ROOT, env=settings, stdout=out, stderr=out, start_new_session=True
        )
    try:
        _wait(port, process, log)
        yield Server(port, process.pid)
    finally:
        _stop(process)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            httpx.get(f"http://127.0.0.1:{port}/", timeout=2)
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError(f"it did not start:\n{log.read_text()[-4000:]}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(timeout=STOP_SECONDS)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
