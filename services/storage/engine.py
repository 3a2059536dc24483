"""The store: one SQLAlchemy engine, short read transactions, and writes that are durable when they return.

SQLite runs in WAL mode with synchronous=FULL; readers see one snapshot from their first statement on, writers take
the lock when they begin. An operational failure (locked, full disk, gone) leaves as StoreUnavailable.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event, exc
from sqlalchemy.engine import make_url

from services.errors import StoreUnavailable

BUSY_TIMEOUT_SECONDS = 5


class Store:
    """Connections to the database at `url`; safe to share between threads, not between processes after a fork."""

    def __init__(self, url: str, *, busy_timeout: float = BUSY_TIMEOUT_SECONDS) -> None:
        self.url = url
        self.is_sqlite = make_url(url).get_backend_name() == "sqlite"
        self.engine = _sqlite(url, busy_timeout) if self.is_sqlite else create_engine(url, pool_pre_ping=True)

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """One consistent snapshot of the store; nothing can be written."""
        with _failures(), self.engine.connect() as connection:
            if not self.is_sqlite:
                connection = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            with connection.begin():
                yield connection

    @contextlib.contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that is on disk when the block ends, or leaves no trace if it raises."""
        with (
            _failures(),
            self.engine.connect().execution_options(writes=True) as connection,
            connection.begin(),
        ):
            yield connection

    def close(self) -> None:
        self.engine.dispose()


@contextlib.contextmanager
def _failures() -> Iterator[None]:
    try:
        yield
    except (exc.OperationalError, exc.TimeoutError, sqlite3.OperationalError) as error:
        raise StoreUnavailable("the store cannot be reached now") from error


def _sqlite(url: str, busy_timeout: float) -> Engine:
    path = make_url(url).database
    if path and path != ":memory:":
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        url, connect_args={"timeout": busy_timeout, "isolation_level": None}, pool_size=16, max_overflow=16
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
