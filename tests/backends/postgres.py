"""A PostgreSQL server of the test's own: made, started, paused, killed and started again, and gone at the end.

Its databases compare text by ICU's English rules unless a column says otherwise, so that nothing leans on the
server's collation. Whoever runs the tests as root runs the server as the user postgres, since it refuses root.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg

OWNER = "pulseboard"
START_SECONDS = 60
QUIT_SECONDS = 3
_LIKE_A_LIVE_ONE = {
    "max_connections": "200",
    "shared_buffers": "64MB",
    "max_wal_size": "2GB",
    "dynamic_shared_memory_type": "mmap",  # in the directory, which goes with all that a kill leaves behind
}
_CARELESS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_wal_size": "256MB"}
_MEMORY, _ENOUGH = Path("/dev/shm"), 2 * 1024**3  # noqa: S108  # mkdtemp's directories are our own


class PostgresServer:
    """A server in a temporary directory of its own; nothing runs before start().

    `durable=False` gives up fsync, and the disk where there is memory enough: for tests that ask for no durability.
    Options are those of postgresql.conf.
    """

    def __init__(self, *, durable: bool = True, **options: str) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="pulseboard-postgres-", dir=None if durable else _memory()))
        self.port = _free_port()
        self._durable = durable
        self.process: subprocess.Popen[bytes] | None = None
        self._options = {**_LIKE_A_LIVE_ONE, **({} if durable else _CARELESS), **options}
        self._own(self.directory)

    @property
    def data(self) -> Path:
        return self.directory / "data"

    @property
    def log(self) -> Path:
        return self.directory / "server.log"

    @property
    def pid(self) -> int:
        """The postmaster's."""
        assert self.process is not None
        return self.process.pid

    def url(self, database: str = "postgres") -> str:
        """For DATABASE_URL, over TCP."""
        return f"postgresql://{OWNER}@127.0.0.1:{self.port}/{database}"

    def socket_url(self, database: str = "postgres") -> str:
        """The same over the Unix socket."""
        return f"postgresql://{OWNER}@/{database}?host={self.directory}&port={self.port}"

    def make(self) -> PostgresServer:
        """An empty cluster; start() makes one by itself where there is none."""
        locale = ["--encoding=UTF8", "--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-US"]
        self._run("initdb", "--pgdata", str(self.data), "--username", OWNER, "--auth=trust", "--no-sync", *locale)
        return self

    def start(self) -> PostgresServer:
        """Starts it, after a kill as well, and waits until it answers."""
        if not self.data.exists():
            self.make()
        settings = {**self._options, "unix_socket_directories": str(self.directory), "listen_addresses": "127.0.0.1"}
        options = [f"--{name}={value}" for name, value in settings.items()]
        command = [_program("postgres"), "-D", str(self.data), "-p", str(self.port), *options]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen([*_as_postgres(), *command], stdout=log, stderr=log, cwd=self.directory)
        self._wait_until_it_answers()
        return self

    def stop(self) -> None:
        """A fast shutdown: connections are closed, everything is on disk."""
        if self.process is None:
            return
        self.resume()
        self.process.send_signal(signal.SIGINT)
        self.process.wait(timeout=START_SECONDS)
        self.process = None

    def kill(self) -> None:
        """SIGKILL to the postmaster and all its children at once, as a power cut would."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self._signal(signal.SIGSTOP)  # so that none is born meanwhile
            children = _children(self.pid)
            self._signal(signal.SIGKILL)
            self.process.wait(timeout=START_SECONDS)
            _wait_until_dead(children)
        self.process = None

    def pause(self) -> None:
        """It holds its connections and answers nobody, until resume()."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def remove(self) -> None:
        """Ends what runs, without saving anything, and deletes the directory."""
        if self.process is not None:
            self.resume()
            self.process.send_signal(signal.SIGQUIT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout=QUIT_SECONDS)
        self.kill()
        shutil.rmtree(self.directory, ignore_errors=True)

    def replica(self, **options: str) -> PostgresServer:
        """A streaming replica of this running server, not started yet."""
        copy = PostgresServer(durable=self._durable, **{**self._options, **options})
        source = ["--host", "127.0.0.1", "--port", str(self.port), "--username", OWNER]
        copy._run("pg_basebackup", "--pgdata", str(copy.data), "-R", "--checkpoint=fast", "--no-sync", *source)
        return copy

    def connect(self, database: str = "postgres") -> psycopg.Connection[tuple[object, ...]]:
        """A plain connection, each statement a transaction; close it, or use it in a `with`."""
        return psycopg.connect(self.url(database), autocommit=True, connect_timeout=5)

    def execute(self, sql: str, database: str = "postgres") -> list[tuple[object, ...]]:
        """One statement on a connection of its own; its rows, if it has any."""
        with self.connect(database) as connection:
            cursor = connection.execute(sql.encode())
            return cursor.fetchall() if cursor.description else []

    def create(self, database: str, template: str = "template0") -> str:
        """A new database, a copy of `template`, to which nobody may be connected; its URL."""
        self.execute(f'CREATE DATABASE "{database}" TEMPLATE "{template}" STRATEGY file_copy')
        return self.url(database)

    def drop(self, database: str) -> None:
        """Whoever is connected to it is cut off."""
        self.execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.process and self.process.poll() is None:
            with contextlib.suppress(psycopg.OperationalError):
                self.execute("SELECT 1")
                return
            time.sleep(0.02)
        self.kill()
        raise AssertionError(f"PostgreSQL did not start:\n{self.log.read_text()[-4000:]}")

    def _signal(self, number: signal.Signals) -> None:
        if self.process is None or self.process.poll() is not None:
            return
        for pid in (self.pid, *_children(self.pid)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def _run(self, name: str, *arguments: str) -> None:
        command = [*_as_postgres(), _program(name), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, cwd=self.directory, timeout=120)
        assert done.returncode == 0, f"{name}: {done.stderr}"

    def _own(self, path: Path) -> None:
        if os.geteuid() == 0:
            shutil.chown(path, "postgres")


@contextlib.contextmanager
def running(*, durable: bool = True, **options: str) -> Iterator[PostgresServer]:
    """A started server, removed at the end."""
    server = PostgresServer(durable=durable, **options)
    try:
        yield server.start()
    finally:
        server.remove()


def _program(name: str) -> str:
    """Its path: the newest of Debian's, which are not on the PATH, or the one on it."""
    installed = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[-3]))
    found = str(installed[-1]) if installed else shutil.which(name)
    assert found, f"the tests need PostgreSQL: {name} is not installed"
    return found


def _as_postgres() -> list[str]:
    if os.geteuid() != 0:
        return []
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _memory() -> Path | None:
    """Making and dropping databases is ten times as quick there when the disk is busy."""
    there = _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free > _ENOUGH
    return _MEMORY if there else None


def _wait_until_dead(pids: list[int]) -> None:
    """What is left of them would hold the shared memory that the next start wants."""
    deadline = time.monotonic() + START_SECONDS
    while any(_is_alive(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.002)


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def _free_port() -> int:
    """Below the ports that the system gives to outgoing connections: still free when a killed server starts again."""
    while True:
        port = 15_000 + secrets.randbelow(17_000)
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port
