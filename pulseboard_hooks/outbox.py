"""One outbox: a SQLite file in which events wait, in order, until the server has answered for them.

The connection holds SQLite's exclusive lock from its opening until its process ends, however that ends: who can open
the file knows that nobody alive uses it. POSIX gives such a lock to a process alone, so a forked child has no part
in it, and must never touch, nor close, the connection that it inherits: see `abandon`.

Rows are added at the end and removed at the beginning, so that `seq` has no gaps and `total`, the bytes of all events
so far, tells the size of what waits: a file of any size opens at once.
"""

from __future__ import annotations

import ctypes
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from pulseboard_hooks.errors import OutboxDamaged, OutboxError, OutboxTaken, OutboxUnusable
from pulseboard_hooks.events import Event

CHECKPOINT_BYTES = 4 * 1024 * 1024
OWNER_ALONE = 0o600  # an event may name customers

_OURS = 0x50424F58
_PRAGMAS = ("locking_mode = EXCLUSIVE", "journal_mode = WAL", "wal_autocheckpoint = 0", "trusted_schema = OFF")
_SCHEMA = (
    f"PRAGMA application_id = {_OURS}",
    "CREATE TABLE outbox (seq INTEGER PRIMARY KEY, total INTEGER NOT NULL, kind TEXT NOT NULL, id BLOB NOT NULL,"
    " body BLOB NOT NULL)",
    "CREATE TABLE origin (url TEXT NOT NULL, key TEXT NOT NULL, in_flight INTEGER NOT NULL)",
)
_INSERT = "INSERT INTO outbox (seq, total, kind, id, body) VALUES (?, ?, ?, ?, ?)"
_SELECT = "SELECT id, body, kind FROM outbox ORDER BY seq LIMIT ?"
_FIRST = "SELECT seq, total - length(body) FROM outbox ORDER BY seq LIMIT 1"
_LAST = "SELECT seq, total FROM outbox ORDER BY seq DESC LIMIT 1"

_ERRORS: dict[int, type[OutboxError]] = {
    sqlite3.SQLITE_BUSY: OutboxTaken,
    sqlite3.SQLITE_LOCKED: OutboxTaken,
    sqlite3.SQLITE_CORRUPT: OutboxDamaged,
    sqlite3.SQLITE_NOTADB: OutboxDamaged,
}


@dataclass(frozen=True, slots=True)
class Origin:
    """Whom the events are for, and a fingerprint of the key they are sent with."""

    url: str
    key: str


@dataclass(frozen=True, slots=True)
class Bounds:
    events: int
    bytes: int


class Outbox:
    """Holds the events of one process; `lock` is held around every use of SQLite.

    Without a path it is kept in memory, and lost with the process. `doubtful` is the number of events, the oldest,
    that another key has sent without hearing the answer: sent with this one they might be counted twice.

    Errors: OutboxTaken, OutboxDamaged, OutboxUnusable, from the constructor and from every method.
    """

    def __init__(
        self,
        path: Path | None,
        lock: AbstractContextManager[object],
        origin: Origin,
        *,
        bounds: Bounds,
        fsync: bool = False,
    ) -> None:
        self.path = path
        self._lock = lock
        self._origin = origin
        self._bounds = bounds
        self._marked = 0
        with lock, _understood(path):
            self._connection = _connect(path, fsync)
            try:
                self._first, self._before, self._last, self._total = self._measure()
                self.doubtful = self._take_over()
            except BaseException:
                self._connection.close()
                raise

    def put(self, event: Event) -> bool:
        """Takes the event at the end; False: there is no room, and it was not taken. Never waits for room."""
        size = len(event.body)
        with self._lock:
            if len(self) >= self._bounds.events or self.size + size > self._bounds.bytes:
                return False
            seq, total, id_ = self._last + 1, self._total + size, event.id.encode("utf-8", "surrogatepass")
            with _understood(self.path):
                self._connection.execute(_INSERT, (seq, total, event.kind, id_, event.body))
            self._last, self._total = seq, total
            return True

    def peek(self, limit: int, max_bytes: int) -> list[Event]:
        """The oldest events, at most `limit`, one at least if there is one, others only within `max_bytes`."""
        batch: list[Event] = []
        with self._lock, _understood(self.path):
            for id_, body, kind in self._connection.execute(_SELECT, (limit,)):
                max_bytes -= len(body) + 1
                if batch and max_bytes < 0:
                    break
                batch.append(Event(id_.decode("utf-8", "surrogatepass"), body, kind))
        if not batch and len(self):
            raise OutboxDamaged(f"{self.path}: {len(self)} events have vanished")
        return batch

    def mark(self, count: int) -> None:
        """Notes that the `count` oldest events are sent, and that it is not known what became of them."""
        marked = self._first + count - 1 if count else 0
        if marked != self._marked:
            with self._lock, _understood(self.path):
                self._connection.execute("UPDATE origin SET in_flight = ?", (marked,))
            self._marked = marked

    def discard(self, events: Sequence[Event]) -> None:
        """Forgets these events, the oldest: they are settled."""
        last = self._first + len(events) - 1
        with self._lock, _understood(self.path):
            with _transaction(self._connection):
                self._connection.execute("DELETE FROM outbox WHERE seq <= ?", (last,))
                self._connection.execute("UPDATE origin SET in_flight = 0, key = ?", (self._origin.key,))
            self._marked = 0
            self._first, self._before = last + 1, self._before + sum(len(event.body) for event in events)
            self.doubtful = max(0, self.doubtful - len(events))
            self._tidy()

    def __len__(self) -> int:
        return self._last - self._first + 1

    @property
    def size(self) -> int:
        """Bytes of what waits."""
        return self._total - self._before

    def close(self) -> None:
        with self._lock, suppress(sqlite3.Error):
            self._connection.close()

    def abandon(self) -> None:
        """In a forked child: keeps the connection from ever being closed, as that would take the parent's journal."""
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(self._connection))

    def _measure(self) -> tuple[int, int, int, int]:
        first, before = self._connection.execute(_FIRST).fetchone() or (1, 0)
        last, total = self._connection.execute(_LAST).fetchone() or (0, 0)
        return first, before, last, total

    def _take_over(self) -> int:
        """Makes the file this origin's; the number of events at its beginning whose fate under another key is open."""
        row = self._connection.execute("SELECT url, key, in_flight FROM origin").fetchone()
        url, key, in_flight = row or ("", "", 0)
        origin = self._origin
        if len(self) and url != origin.url:
            raise OutboxTaken(f"{self.path} holds {len(self)} events for {url}")
        doubtful = in_flight - self._first + 1 if len(self) and in_flight and key != origin.key else 0
        if (url, key) != (origin.url, origin.key) and not doubtful:
            with _transaction(self._connection):
                self._connection.execute("DELETE FROM origin")
                self._connection.execute("INSERT INTO origin VALUES (?, ?, 0)", (origin.url, origin.key))
        return max(0, doubtful)

    def _tidy(self) -> None:
        """Moves the journal into the file, where the journal is long: best when nothing waits, as that copies least."""
        if self.path is None or self._journal_bytes() < CHECKPOINT_BYTES * (1 if not len(self) else 8):
            return
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def _journal_bytes(self) -> int:
        try:
            return os.stat(f"{self.path}-wal").st_size
        except FileNotFoundError:
            return 0


def _connect(path: Path | None, fsync: bool) -> sqlite3.Connection:
    new = path is not None and not path.exists()
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path or ":memory:", timeout=0, isolation_level=None, check_same_thread=False)
    try:
        if path is not None and new:  # never opened but by SQLite: closing any handle of a file ends its locks
            path.chmod(OWNER_ALONE)
        for pragma in (*_PRAGMAS, f"synchronous = {'FULL' if fsync else 'NORMAL'}"):
            connection.execute(f"PRAGMA {pragma}").fetchall()
        _ensure_schema(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _ensure_schema(connection: sqlite3.Connection, path: Path | None) -> None:
    with _transaction(connection):  # takes the lock, also where there is nothing to make
        (known,) = connection.execute("PRAGMA application_id").fetchone()
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if known == 0 and tables == 0:
            for statement in _SCHEMA:
                connection.execute(statement)
        elif known != _OURS:
            raise OutboxTaken(f"{path} is a SQLite file of something else")


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


@contextmanager
def _understood(path: Path | None) -> Iterator[None]:
    """What SQLite and the disk raise, as what it means for an outbox."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        raise _ERRORS.get(code, OutboxUnusable)(f"{path}: {error}") from error
    except OSError as error:
        raise OutboxUnusable(f"{path}: {error.strerror or error}") from error
