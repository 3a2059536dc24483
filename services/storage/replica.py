"""A streaming replica that figures may be read from, while it is known to be less than a second behind.

Every quarter of a second the primary is asked how far its log has come, and that is noted with the time before the
question. A replica that has replayed so far holds everything that was committed by then. Who reads it asks it first,
on the same connection and before the snapshot is taken; without such a proof the read is the primary's.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, make_url

from services.errors import StoreUnavailable
from services.storage.engine import Store

PAUSE_SECONDS = 0.25
LIMIT_SECONDS = 1.0
RETRY_SECONDS = 2.0
_NOTES = 8
# A server that is cut off is given up soon, since the primary can answer as well; what the URL says goes before.
_GIVE_UP = {"tcp_user_timeout": "2000", "keepalives_idle": "1", "keepalives_interval": "1", "keepalives_count": "2"}

log = logging.getLogger(__name__)

# What is on disk of the log: a commit is seen by nobody before it is there, unless synchronous_commit is off.
_PRIMARY = """
    SELECT CASE WHEN NOT pg_is_in_recovery() THEN pg_current_wal_flush_lsn() - pg_lsn '0/0' END,
           (SELECT system_identifier FROM pg_control_system())"""
_REPLICA = """
    SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() - pg_lsn '0/0' END,
           (SELECT system_identifier FROM pg_control_system())"""


@dataclass(frozen=True, slots=True)
class _Note:
    """All that was on disk of the primary's log at the moment `at` lies before `position` (bytes)."""

    at: float
    position: int
    cluster: int


class Replica:
    """Reads of the server at `url`, which follows `primary`; `step` is to be repeated in a thread."""

    def __init__(self, primary: Store, url: str, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._primary = primary
        self._store = Store(_patient_for_seconds(url))
        self._monotonic = monotonic
        self._notes: deque[_Note] = deque(maxlen=_NOTES)
        self._lock = threading.Lock()
        self._was_there = True

    def step(self) -> float:
        """Asks both servers how far they are; the pause until it wants to be asked again."""
        try:
            self._greet()
            self._note()
        except StoreUnavailable:
            self._tell(False)
            return RETRY_SECONDS
        self._tell(True)
        return PAUSE_SECONDS

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """One consistent snapshot of the replica, less than a second behind when it is taken.

        Errors: StoreUnavailable where that is not known, or the replica fails meanwhile: ask the primary.
        """
        if not self._recent():
            raise StoreUnavailable("how far the replica is behind is not known")
        with self._store.reading(before=self._refuse_behind) as connection:
            yield connection

    def close(self) -> None:
        self._store.close()

    def _greet(self) -> None:
        """A replica that does not answer, and never says so, leaves the notes to grow old."""
        with self._store.reading() as connection:
            connection.exec_driver_sql("SELECT 1")

    def _note(self) -> None:
        at = self._monotonic()
        with self._primary.reading() as connection:
            position, cluster = connection.exec_driver_sql(_PRIMARY).one()
        if position is not None:
            with self._lock:
                self._notes.append(_Note(at, int(position), cluster))

    def _recent(self) -> list[_Note]:
        since = self._monotonic() - LIMIT_SECONDS
        with self._lock:
            return [note for note in self._notes if note.at >= since]

    def _refuse_behind(self, connection: Connection) -> None:
        position, cluster = connection.exec_driver_sql(_REPLICA).one()
        proven = position is not None and any(
            note.position <= position and note.cluster == cluster for note in self._recent()
        )
        if not proven:
            raise StoreUnavailable("the replica is behind")

    def _tell(self, is_there: bool) -> None:
        """Once for each change, not for each step."""
        if is_there != self._was_there:
            log.warning("the replica %s", "is read again" if is_there else "is out of reach; the primary is read")
        self._was_there = is_there


def _patient_for_seconds(url: str) -> str:
    parts = make_url(url)
    told = {name: value for name, value in _GIVE_UP.items() if name not in parts.query}
    return parts.update_query_dict(told).render_as_string(hide_password=False)
