"""A real Redis of the test's own: on a free port, killed, stalled and started again as the test likes."""

from __future__ import annotations

import contextlib
import signal
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

import redis

from tests.conftest import free_port

START_SECONDS = 20


@dataclass
class RedisServer:
    """`with RedisServer(tmp_path / "redis") as server:` starts it, and kills it at the end.

    `persistent`: every write is on disk before it is answered, and there again after a kill; without it a kill
    forgets everything.
    """

    directory: Path
    persistent: bool = False
    password: str | None = None
    options: tuple[str, ...] = ()
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        secret = f":{self.password}@" if self.password else ""
        return f"redis://{secret}127.0.0.1:{self.port}/0"

    @property
    def log(self) -> Path:
        return self.directory / "redis.log"

    def client(self) -> redis.Redis:
        """A plain client for looking into it; close it."""
        return redis.Redis.from_url(self.url, socket_timeout=5)

    def start(self) -> RedisServer:
        """Starts it, also again after a kill or a stop: on the same port, and with what it had kept."""
        assert self.process is None
        self.directory.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(self._command(), stdout=log, stderr=log, start_new_session=True)
        self._wait_until_it_answers()
        return self

    def kill(self) -> None:
        """SIGKILL, as a power cut would."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """SIGTERM, as an operator would."""
        self._end(signal.SIGTERM)

    def pause(self) -> None:
        """It keeps its connections, takes new ones, and answers nothing."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def __enter__(self) -> RedisServer:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.kill()

    def _command(self) -> list[str]:
        kept = ["--appendonly", "yes", "--appendfsync", "always"] if self.persistent else ["--appendonly", "no"]
        secret = ["--requirepass", self.password] if self.password else []
        return [
            "redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.directory),
            "--save", "", "--daemonize", "no", *kept, *secret, *self.options,
        ]  # fmt: skip

    def _signal(self, number: int) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def _end(self, number: int) -> None:
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(number)
            self.process.send_signal(signal.SIGCONT)
        self.process.wait(timeout=20)
        self.process = None

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.process is not None and self.process.poll() is None:
            if self._answers():
                return
            time.sleep(0.02)
        self.kill()
        raise AssertionError(f"Redis did not start:\n{self.log.read_text()[-4000:]}")

    def _answers(self) -> bool:
        """Whether it has loaded what it kept; before that it says LOADING."""
        secret = f"AUTH {self.password}\r\n" if self.password else ""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=2) as wire:
                wire.sendall(f"{secret}PING\r\n".encode())
                return wire.recv(100).endswith(b"+PONG\r\n")
        except OSError:
            return False
