"""The store: one SQLAlchemy engine, short read transactions, and writes that are durable when they return.

SQLite runs in WAL mode with synchronous=FULL; readers see one snapshot from their first statement on, writers take
the lock when they begin. On PostgreSQL readers have REPEATABLE READ and writers READ COMMITTED. An operational failure
(locked, full disk, gone) leaves as StoreUnavailable, a quarrel over rows that another try will settle as WriteConflict.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from psycopg import Error as PostgresError
from sqlalchemy import Connection, Engine, create_engine, event, exc
from sqlalchemy.engine import make_url

from services.errors import StoreUnavailable, TooMuch, WriteConflict

T = TypeVar("T")

BUSY_TIMEOUT_SECONDS = 5
POOL_SIZE, POOL_OVERFLOW = 16, 16
CONNECTIONS = POOL_SIZE + POOL_OVERFLOW

# Primary result codes of a statement that cannot succeed as it stands; all others speak of the store's state.
_SQLITE_STATEMENT = {sqlite3.SQLITE_ERROR, sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_MISMATCH,
                     sqlite3.SQLITE_MISUSE, sqlite3.SQLITE_RANGE}  # fmt: skip
# Classes of SQLSTATE: connection, resources, limits, operator intervention, system; 25P03: idle for too long, below.
_POSTGRES_AWAY = ("08", "25P03", "53", "54", "57", "58")
# Of a quarrel, the whole code.
_POSTGRES_AGAIN = ("40001", "40P01", "55P03")
_POSTGRES_OVERFLOW = "22003"
# Writers look up keys. Before a new table was analysed the planner would rather read a whole site for a few hundred.
_BY_KEY = "-c enable_seqscan=off -c enable_bitmapscan=off -c plan_cache_mode=force_custom_plan"
# A writer that stops, or whose machine goes, in the middle would keep its locks: the server ends its session instead.
WRITER_IDLE_SECONDS = 30.0
# A server that is cut off without a word is given up after some seconds; what the URL says goes before.
_PATIENCE: dict[str, Any] = {
    "connect_timeout": 5, "tcp_user_timeout": 10_000,
    "keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3,
}  # fmt: skip
_TOO_MUCH = "the amounts add up to more than can be counted"


class Store:
    """Connections to the database at `url`; safe to share between threads, not between processes after a fork."""

    def __init__(self, url: str, *, busy_timeout: float = BUSY_TIMEOUT_SECONDS) -> None:
        self.url = url
        self.is_sqlite = make_url(url).get_backend_name() == "sqlite"
        self.engine = _sqlite(url, busy_timeout) if self.is_sqlite else _postgres(url)
        self._writing = self.engine if self.is_sqlite else _postgres(url, _for_writers())

    @contextlib.contextmanager
    def reading(self, before: Callable[[Connection], None] | None = None) -> Iterator[Connection]:
        """One consistent snapshot of the store, taken after `before`; nothing can be written."""
        with _failures(), self.engine.connect() as connection:
            if not self.is_sqlite:
                connection = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            if before is not None:
                before(connection)
                connection.rollback()
            with connection.begin():
                yield connection

    @contextlib.contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that is on disk when the block ends, or leaves no trace if it raises."""
        with (
            _failures(),
            self._writing.connect().execution_options(writes=True) as connection,
            connection.begin(),
        ):
            yield connection

    def transact(self, work: Callable[[Connection], T]) -> T:
        """Does `work` in a transaction of its own and returns what it returned."""
        with self.writing() as connection:
            return work(connection)

    def close(self) -> None:
        self.engine.dispose()
        self._writing.dispose()


@contextlib.contextmanager
def _failures() -> Iterator[None]:
    try:
        yield
    except (exc.TimeoutError, exc.DBAPIError, sqlite3.Error, PostgresError) as error:
        raise understood(error) from error


def understood(error: Exception) -> Exception:
    """What a driver's error is to us: the error itself where the statement, not the store, is at fault."""
    if isinstance(error, exc.TimeoutError):
        return StoreUnavailable("the store has no connection to spare now")
    cause = error.orig if isinstance(error, exc.DBAPIError) else error
    if isinstance(cause, PostgresError):
        return _of_postgres(cause.sqlstate, error)
    code = getattr(cause, "sqlite_errorcode", None)
    if code is not None and code & 0xFF not in _SQLITE_STATEMENT:
        return StoreUnavailable("the store cannot be reached now")
    return TooMuch(_TOO_MUCH) if "integer overflow" in str(cause) else error


def _of_postgres(state: str | None, error: Exception) -> Exception:
    if state in _POSTGRES_AGAIN:
        return WriteConflict("others write the same rows now")
    if state is None or state.startswith(_POSTGRES_AWAY):
        return StoreUnavailable("the store cannot be reached now")
    return TooMuch(_TOO_MUCH) if state == _POSTGRES_OVERFLOW else error


def _for_writers() -> str:
    return f"{_BY_KEY} -c idle_in_transaction_session_timeout={round(WRITER_IDLE_SECONDS * 1_000)}"


def _postgres(url: str, options: str = "") -> Engine:
    address = make_url(url).set(drivername="postgresql+psycopg")
    arguments = {name: value for name, value in _PATIENCE.items() if name not in address.query}
    arguments["options"] = f"-c jit=off {options} {address.query.get('options', '')}"
    return create_engine(
        address,
        pool_size=POOL_SIZE,
        max_overflow=POOL_OVERFLOW,
        pool_timeout=BUSY_TIMEOUT_SECONDS,
        pool_pre_ping=True,
        connect_args=arguments,
    )


def _sqlite(url: str, busy_timeout: float) -> Engine:
    path = make_url(url).database
    if path and path != ":memory:":
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        url,
        connect_args={"timeout": busy_timeout, "isolation_level": None},
        pool_size=POOL_SIZE,
        max_overflow=POOL_OVERFLOW,
    )

    @event.listens_for(engine, "connect")
    def _prepare(raw: sqlite3.Connection, _record: object) -> None:
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "cache_size=-65536",
            "temp_store=MEMORY",
        ):
            raw.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine
