"""A server to post to: the one that runs, or one started for as long as it is needed."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx

from services.access.keys import Keys
from services.access.scope import Permission
from services.clock import now
from services.errors import StoreUnavailable
from services.storage.engine import Store
from settings import Settings

APP = Path(__file__).resolve().parents[2] / "app.py"
START_SECONDS = 60.0
STOP_SECONDS = 30.0
PERMISSIONS = (Permission.WRITE_EVENTS, Permission.VIEW_DASHBOARD, Permission.ADMIN)


@dataclass(frozen=True, slots=True)
class Server:
    url: str
    key: str


@contextlib.contextmanager
def found_or_started(url: str | None, key: str | None, environ: Mapping[str, str]) -> Iterator[Server]:
    """A server that answers, with a key for it; what was started or made for this ends with the block.

    `url` None: the one that the settings place on this machine, or, if it does not run, one on a free port over the
    same store. `key` None: one is made in the store of the settings, and revoked at the end.
    Errors: StoreUnavailable where `url` is given and nobody answers there.
    """
    settings = Settings.from_environment(environ)
    with contextlib.ExitStack() as stack:
        address = url or _local_url(settings.host, settings.port)
        if not is_alive(address):
            if url:
                raise StoreUnavailable(
                    f"no Pulseboard answers at {url}: start it with `make run`, or leave the URL out"
                )
            print(f"no server answers at {address}: one is started for this, and ended with it", flush=True)
            address = stack.enter_context(started(environ, port=free_port()))
        yield Server(address, key or stack.enter_context(temporary_key(settings.database_url)))


def end_in_order_when_told() -> None:
    """Lets SIGTERM and a closed terminal end this process as Ctrl-C does, so that what it started ends with it."""

    def end(_signal: int, _frame: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGHUP, end)


def is_alive(url: str) -> bool:
    """Whether a Pulseboard answers there."""
    try:
        answer = httpx.get(f"{url}/analytics/health/live", timeout=2.0)
        return answer.is_success and "status" in answer.json()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, TypeError):
        return False


@contextlib.contextmanager
def started(environ: Mapping[str, str], *, port: int) -> Iterator[str]:
    """Starts app.py on the loopback address or HOST; at the end it is asked to stop, and waited for.

    The child leads a session of its own, so that Ctrl-C on the terminal reaches its starter alone, who ends it
    in good order.
    """
    host = environ.get("HOST") or "127.0.0.1"
    url = _local_url(host, port)
    if is_alive(url):
        raise StoreUnavailable(f"a Pulseboard answers at {url} already: end it, or choose another PORT")
    child = subprocess.Popen(  # noqa: S603 - this interpreter, and a file of this project
        [sys.executable, str(APP)], env={**environ, "HOST": host, "PORT": str(port)}, start_new_session=True
    )
    try:
        _wait_until_alive(child, url)
        yield url
    finally:
        _stop(child)


def _wait_until_alive(child: subprocess.Popen[bytes], url: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not is_alive(url):
        if child.poll() is not None:
            raise StoreUnavailable("the server did not start; its own lines above say why")
        if time.monotonic() > deadline:
            raise StoreUnavailable(f"the server did not answer at {url} within {START_SECONDS:.0f} s")
        time.sleep(0.1)


def _stop(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is None:
        child.send_signal(signal.SIGTERM)
    try:
        child.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()


@contextlib.contextmanager
def temporary_key(database_url: str) -> Iterator[str]:
    """An API key of the store that can write events and keep sites; revoked at the end."""
    store = Store(database_url)
    keys = Keys(store, now)
    try:
        token, key = keys.create("import", PERMISSIONS)
        try:
            yield token
        finally:
            keys.revoke(key.id)
    finally:
        store.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _local_url(host: str, port: int) -> str:
    """How this machine reaches a server that listens on `host`."""
    reached = "127.0.0.1" if host in ("0.0.0.0", "::", "") else host  # noqa: S104 - nothing is bound here
    return f"http://[{reached}]:{port}" if ":" in reached else f"http://{reached}:{port}"
