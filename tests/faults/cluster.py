"""Many processes: two servers and a processor over a real PostgreSQL and a real Redis, each to be killed alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

from tests.backends.postgres import PostgresServer
from tests.backends.redis import RedisServer
from tests.conftest import ROOT, START_SECONDS, Server

DATABASE = "pulseboard"
PROCESSES = "Pulseboard processes events"


class ProcessorProcess:
    """`python -m services.events`, which brings accepted events into the figures."""

    def __init__(self, directory: Path, environ: dict[str, str]) -> None:
        self.log = directory / "processor.log"
        self.process: subprocess.Popen[bytes] | None = None
        self._environ = {"PATH": os.environ["PATH"], **environ}

    def start(self) -> ProcessorProcess:
        """Starts it, also after a kill, and waits until it says that it is at work."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self.log.touch()
        seen = self.log.read_text().count(PROCESSES)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "services.events"], cwd=ROOT, env=self._environ, stdout=log, stderr=log
            )
        deadline = time.monotonic() + START_SECONDS
        while self.log.read_text().count(PROCESSES) == seen:
            assert self.process.poll() is None and time.monotonic() < deadline, self.log.read_text()[-4000:]
            time.sleep(0.02)
        return self

    def kill(self) -> None:
        """SIGKILL."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(timeout=10)
            self.process = None

    def stop(self) -> int:
        """SIGTERM, as an operator would; the exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=30)
        self.process = None
        return code


class Cluster:
    """All of it; `environ` adds to the settings of servers and processor. `with Cluster(…) as cluster:` starts it."""

    def __init__(self, directory: Path, *, persistent_redis: bool = False, **environ: str) -> None:
        self.postgres = PostgresServer()
        self.redis = RedisServer(directory / "redis", persistent=persistent_redis)
        self.environ = {
            "DATABASE_URL": self.database_url,
            "REDIS_URL": self.redis.url,
            "SECRET_KEY": "the same in every process",
            "PROCESS_EVENTS": "late",
            **environ,
        }
        self.servers = [Server(directory / f"server-{name}", environ=self.environ) for name in "ab"]
        self.processor = ProcessorProcess(directory, self.environ)

    @property
    def database_url(self) -> str:
        return self.postgres.url(DATABASE)

    def __enter__(self) -> Cluster:
        try:
            return self.start()
        except BaseException:
            self.__exit__()
            raise

    def start(self) -> Cluster:
        """The store and Redis; then both servers at once, of which one makes the tables."""
        self.postgres.start().create(DATABASE)
        self.redis.start()
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(Server.start, self.servers))
        self.processor.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.processor.kill()
        for server in self.servers:
            server.kill()
        self.redis.kill()
        self.postgres.remove()

    def health(self, server: Server) -> str:
        return str(httpx.get(f"{server.url}/analytics/health", timeout=10).json()["status"])

    def wait_for_health(self, status: str, seconds: float = 10) -> None:
        """Until both servers say so."""
        deadline = time.monotonic() + seconds
        while {self.health(server) for server in self.servers} != {status}:
            assert time.monotonic() < deadline, [self.health(server) for server in self.servers]
            time.sleep(0.05)


def kill_worker(server: Server) -> None:
    """SIGKILL to the worker alone: the master starts another."""
    assert server.process is not None
    master = server.process.pid
    (worker,) = children(master)
    os.kill(worker, signal.SIGKILL)
    while worker in children(master):
        time.sleep(0.01)
    server._wait_until_it_answers()


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
