"""The processor: takes accepted events from the queue and brings them into the figures, each once.

A row leaves the queue in the transaction that applies its events, so a processor may be killed at any moment. Rows are
locked by whoever takes them; the site's lock keeps two processors from changing the same facts at once.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import msgspec
from sqlalchemy import Connection

from services.clock import SECOND, Clock, Instant
from services.errors import StoreUnavailable
from services.events import booking, plain_orders
from services.events.acceptance import Publish
from services.events.booking import Around, Failure, Heard
from services.events.facts import Accepted
from services.events.lanes import Lane
from services.events.processing import Changes
from services.events.retries import Retries
from services.events.writer import Work
from services.metrics import sites as site_store
from services.metrics.sites import Site
from services.storage import locks, queue
from services.storage.engine import Store
from services.storage.queue import Backlog, Waiting

MOST_EVENTS: Mapping[int, int] = {Lane.URGENT: 1_000, Lane.LIVE: 2_000, Lane.BACKFILL: 250}
"""How many are applied in one transaction: while it lasts, what is more urgent waits."""
ONE_ROW: Mapping[int, int] = dict.fromkeys(Lane, 0)
"""For what could not be applied together: who came later has nothing to do with it."""
LOOK_SECONDS = 0.25
LOOK_SECONDS_SQLITE = 1.0
BACKFILL_TOLD_SECONDS = 5.0
NEW_IN_A_ROW = 20
"""After so many, one that failed before is let in between: however many those are, they delay the rest little."""
LOCK_SECONDS = 1.0
"""How long a site's lock is waited for; as long again, others' events come first. Whoever has it may have stopped."""

_log = logging.getLogger("pulseboard.processor")
_split = msgspec.json.Decoder(list[msgspec.Raw]).decode


@dataclass(slots=True)
class _Done:
    """What one transaction of the processor did."""

    lane: int
    changes: Changes


class Processor:
    """Repeats `step`. `patience` in seconds: what others should have taken by then is taken here."""

    def __init__(
        self,
        store: Store,
        transact: Callable[[Work], Any],
        retries: Retries,
        publish: Publish,
        clock: Clock,
        patience: float = 0.0,
    ) -> None:
        self._store = store
        self._transact = transact
        self._retries = retries
        self._publish = publish
        self._clock = clock
        self._patience = int(patience * SECOND)
        self._untold = Changes()
        self._told_at = time.monotonic()
        self._looked_at = 0.0
        self._backlog = Backlog(0, {}, None, 0)
        self._busy: dict[str, float] = {}
        self._new_in_a_row = 0
        self.applied = 0

    def backlog(self) -> Backlog:
        """What waited a fraction of a second ago, also while this processor itself waits for somebody's lock."""
        if not self._store.is_sqlite:
            self._look()
        return self._backlog

    def step(self) -> float:
        """Takes what is due; the seconds until it wants to look again."""
        self._retries.wake.clear()
        self._look()
        if self._store.is_sqlite and not self._backlog.rows:
            return LOOK_SECONDS_SQLITE
        done = self._take()
        self._tell(done)
        if done is not None:
            return 0.0
        return LOOK_SECONDS

    def _look(self) -> None:
        moment = time.monotonic()
        if self._store.is_sqlite or moment - self._looked_at >= LOOK_SECONDS:
            self._looked_at = moment
            with self._store.reading() as connection:
                self._backlog = queue.backlog(connection)

    def _take(self, *, careful: bool = False) -> _Done | None:
        try:
            done: _Done | None = self._transact(partial(self._work, careful=careful))
        except StoreUnavailable:
            raise
        except Exception as error:  # not lost: the same is tried again around the event that causes it
            if careful:
                raise
            _log.warning("some events could not be applied together: %s", type(error).__name__)
            return self._take(careful=True)
        return done

    def _work(self, connection: Connection, *, careful: bool) -> _Done | None:
        now = self._clock()
        rows = self._claim(connection, now, ONE_ROW if careful else MOST_EVENTS)
        if not rows:
            return None
        sites = site_store.load(connection)
        careful = careful or rows[0].attempts > 0
        heard, failures = _hear_around(rows, sites) if careful else (_hear(rows, sites), [])
        if not locks.hold_site_within(connection, rows[0].site, LOCK_SECONDS):
            self._busy[rows[0].site] = time.monotonic() + LOCK_SECONDS
            return _Done(rows[0].lane, Changes())
        sites = site_store.load(connection)  # once more: its calendar may have changed before the lock was had
        done = _book(connection, heard, sites, careful=careful)
        queue.remove(connection, rows)
        lane, attempts = rows[0].lane, rows[0].attempts
        self._retries.again(connection, failures + done.failures, lane, attempts=attempts + 1)
        self._retries.later(connection, done.left, lane, attempts)
        self.applied += len(heard) - sum(map(len, done.left))
        return _Done(lane, done.changes)

    def _claim(self, connection: Connection, now: Instant, most: Mapping[int, int]) -> list[Waiting]:
        failed_first = self._new_in_a_row >= NEW_IN_A_ROW
        rows = queue.claim(connection, now, now - self._patience, most, self._busy_sites(), failed_first=failed_first)
        self._new_in_a_row = self._new_in_a_row + 1 if rows and not rows[0].attempts else 0
        return rows

    def _busy_sites(self) -> list[str]:
        """Those whose lock somebody had a moment ago: their rows wait, and nobody else's behind them."""
        moment = time.monotonic()
        self._busy = {site: until for site, until in self._busy.items() if moment < until}
        return list(self._busy)

    def _tell(self, done: _Done | None) -> None:
        """Live changes at once; those of a backfill when it has ended, or after some seconds."""
        moment = time.monotonic()
        if done is not None and done.lane != Lane.BACKFILL:
            self._say(done.changes)
            return
        if done is not None:
            self._untold.add(done.changes)
        if done is None or moment - self._told_at >= BACKFILL_TOLD_SECONDS:
            self._say(self._untold)
            self._untold = Changes()
            self._told_at = moment

    def _say(self, changes: Changes) -> None:
        if changes.topics:
            self._publish(changes.topics, changes.buckets, "events")


def _hear(rows: Sequence[Waiting], sites: Mapping[str, Site]) -> list[Heard]:
    """The events of the rows, ready to be booked, without their bodies."""
    digits = {site.id: site.digits for site in sites.values()}
    return [_hear_one(body, digits) for body in _bodies(rows)]


def _hear_one(body: bytes, digits: Mapping[str, int]) -> Heard:
    if found := plain_orders.read_again(body, digits):
        return Heard(*found)
    event = msgspec.json.decode(body)
    return booking.hear(event, digits[event["site"]], body="")


def _hear_around(rows: Sequence[Waiting], sites: Mapping[str, Site]) -> tuple[list[Heard], list[Failure]]:
    """The same with their bodies, and those that cannot be read."""
    heard: list[Heard] = []
    failures: list[Failure] = []
    for raw in _bodies(rows):
        event, body = msgspec.json.decode(raw), bytes(raw).decode()
        try:
            heard.append(booking.hear(event, sites[event["site"]].digits, body))
        except Exception as error:  # noqa: BLE001  # not lost: it goes where the event goes that causes it
            site, source, event_id = event["site"], event["source"], event["id"]
            accepted = Accepted(site, source, event_id, event["type"], event["occurred_at"], body, None)
            failures.append(Failure(accepted, booking.reason_of(accepted, error)))
    return heard, failures


def _book(connection: Connection, heard: Sequence[Heard], sites: Mapping[str, Site], *, careful: bool) -> Around:
    if careful:
        return booking.book_around(connection, heard, sites)
    return Around(booking.book(connection, heard, sites))


def _bodies(rows: Iterable[Waiting]) -> Iterator[bytes]:
    return (body for row in rows for body in _split(row.payload))
