"""Servers of the benchmarks' own, each a process under the same kind of gunicorn worker as Pulseboard."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
from gunicorn.app.base import BaseApplication

from tests.conftest import ROOT, free_port

THREADS = 124
START_SECONDS = 60


class Gthread(BaseApplication):  # type: ignore[misc]
    """One gthread worker with as many threads as Pulseboard's has; the application is made in the worker."""

    def __init__(self, port: int, make: Any) -> None:
        self._port = port
        self._make = make
        super().__init__()

    def load_config(self) -> None:
        options = {"bind": f"127.0.0.1:{self._port}", "worker_class": "gthread", "threads": THREADS, "keepalive": 15}
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        return self._make()


@contextlib.contextmanager
def serving(module: str, *arguments: str, log: Path) -> Iterator[tuple[str, int]]:
    """Runs `python -m module PORT arguments…` until the block ends; its address, and its process id."""
    port = free_port()
    with log.open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", module, str(port), *arguments],
            cwd=ROOT, stdout=out, stderr=out, start_new_session=True,
        )  # fmt: skip
    try:
        _wait(f"http://127.0.0.1:{port}/", process, log)
        yield f"http://127.0.0.1:{port}", process.pid
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=10)


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            httpx.get(url, timeout=2)
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError(f"it did not start:\n{log.read_text()[-4000:]}")
