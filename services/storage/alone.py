"""Long work that only one may do at a time, in whichever process: a lock by name that outlives transactions."""

from __future__ import annotations

import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Connection, exc
from sqlalchemy.engine import make_url

from services.storage import locks
from services.storage.engine import Store, understood

_TRY = "SELECT pg_try_advisory_lock(hashtextextended(%s, 0))"
_RELEASE = "SELECT pg_advisory_unlock(hashtextextended(%s, 0))"


@contextlib.contextmanager
def alone(store: Store, name: str) -> Iterator[bool]:
    """Whether the lock was had; if so, it is held until the block or the process ends.

    On SQLite there is one lock for all names, a file beside the store.
    """
    with _beside(store) if store.is_sqlite else _advisory(store, name) as mine:
        yield mine


@contextlib.contextmanager
def in_turn(store: Store, name: str) -> Iterator[None]:
    """Waits for the others, and has the lock while the block runs; on SQLite the writer's own lock will do."""
    if store.is_sqlite:
        yield
        return
    with store.writing() as connection:
        # Idle here is at work there: the block uses other connections.
        connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
        locks.hold(connection, name)
        yield


@contextlib.contextmanager
def _advisory(store: Store, name: str) -> Iterator[bool]:
    """A lock of the session: its connection does nothing else meanwhile, and losing it loses the lock."""
    with contextlib.ExitStack() as stack:
        try:
            connection = stack.enter_context(store.engine.connect())
            connection = connection.execution_options(isolation_level="AUTOCOMMIT")
            mine = bool(connection.exec_driver_sql(_TRY, (name,)).scalar())
        except (exc.DBAPIError, exc.TimeoutError) as error:
            raise understood(error) from error
        if mine:
            stack.callback(_release, connection, name)
        yield mine


def _release(connection: Connection, name: str) -> None:
    try:
        connection.exec_driver_sql(_RELEASE, (name,))
    except exc.DBAPIError:  # the session has ended, and its locks with it; whoever comes next gets another
        connection.invalidate()


@contextlib.contextmanager
def _beside(store: Store) -> Iterator[bool]:
    path = Path(f"{make_url(store.url).database}.lock")
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
