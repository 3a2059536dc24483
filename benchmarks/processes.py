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
TICKS = os.sysconf("SC_CLK_TCK")


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
def serving(
    place: Path, program: Sequence[str] = PULSEBOARD, zone: str = ZONE, database: str | None = None
) -> Iterator[Server]:
    """Runs `python program…` until the block ends, on `database` or else on a new SQLite file in `place`."""
    place.mkdir()
    log, port = place / "server.log", free_port()
    settings = {
        **environment(database or f"sqlite:///{place}/pulseboard.sqlite3"),
        "HOST": "127.0.0.1", "PORT": str(port), "SITE_TZ": zone,
    }  # fmt: skip
    with running(program, settings, log) as process:
        _wait(port, process, log)
        yield Server(port, process.pid)


def environment(database: str) -> dict[str, str]:
    """What every process of ours is told."""
    return {
        "PATH": os.environ["PATH"], "DATABASE_URL": database, "SITE_TZ": ZONE,
        "BOOTSTRAP_ADMIN_PASSWORD": PASSWORD, "BOOTSTRAP_API_KEY": KEY,
    }  # fmt: skip


@contextlib.contextmanager
def running(program: Sequence[str], settings: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """`python program…` from here on, asked to stop at the end."""
    with log.open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, *program], cwd=ROOT, env=settings, stdout=out, stderr=out, start_new_session=True
        )
    try:
        yield process
    finally:
        _stop(process)


def cpu_seconds(process: int) -> float:
    """User and system time of a process and of all that come from it."""
    parents, ticks = {}, {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has ended meanwhile
        number = int(stat.parent.name)
        parents[number], ticks[number] = int(fields[1]), int(fields[11]) + int(fields[12])
    tree = {process}
    while more := {child for child, parent in parents.items() if parent in tree} - tree:
        tree |= more
    return sum(ticks.get(number, 0) for number in tree) / TICKS


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
