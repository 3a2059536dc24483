"""What accepting does inside the transaction: booked at once, or put into the queue that processors take from.

Source: docs/decisions/0006-accepting-and-applying.md.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter
from typing import Literal, Protocol

from sqlalchemy import Connection

from services.clock import Clock, Instant
from services.errors import QueueFull
from services.events import booking
from services.events.booking import Heard
from services.events.lanes import Lane
from services.events.processing import Changes
from services.events.retries import Retries
from services.metrics import sites as site_store
from services.realtime.changes import Buckets, Cause
from services.storage import log, queue
from services.storage.partitions import Partitions
from services.storage.queue import Backlog

Status = Literal["accepted", "duplicate", "conflict"]
Publish = Callable[[Collection[str], Buckets, Cause], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """A status for each event in their order, what changed in the figures, and what could not be applied."""

    statuses: list[Status]
    changes: Changes = field(default_factory=Changes)
    failed: bool = False


class Acceptance(Protocol):
    piece_sizes: Mapping[Lane, int]
    """How many events of a post go into one transaction, by lane: while it lasts, what is more urgent waits."""

    def prepare(self, instants: Collection[Instant], *, backfill: bool) -> None:
        """Before a post is handed over. Errors: QueueFull where too much waits to be applied."""

    def accept(
        self, connection: Connection, *, events: Sequence[Heard], lane: Lane, careful: bool = False
    ) -> Outcome: ...

    def announce(self, outcomes: Sequence[Outcome]) -> None:
        """After the commit of a post's last piece."""


class AtOnce:
    """SQLite: accepted and in the figures in one transaction, so that nothing waits but what cannot be applied."""

    piece_sizes: Mapping[Lane, int] = {Lane.URGENT: 1_000, Lane.LIVE: 1_000, Lane.BACKFILL: 100}

    def __init__(self, publish: Publish, retries: Retries, clock: Clock) -> None:
        self._publish = publish
        self._retries = retries
        self._clock = clock

    def prepare(self, instants: Collection[Instant], *, backfill: bool) -> None:
        pass

    def accept(
        self, connection: Connection, *, events: Sequence[Heard], lane: Lane, careful: bool = False
    ) -> Outcome:
        new, statuses = _tell_apart(connection, events, self._clock())
        sites = site_store.load(connection)
        if not careful:
            return Outcome(statuses, booking.book(connection, new, sites))
        done = booking.book_around(connection, new, sites)
        self._retries.again(connection, done.failures, lane, attempts=1)
        self._retries.later(connection, done.left, lane, attempts=0)
        return Outcome(statuses, done.changes, failed=bool(done.failures))

    def announce(self, outcomes: Sequence[Outcome]) -> None:
        if any(outcome.failed for outcome in outcomes):
            self._retries.wake.set()
        changes = Changes()
        for outcome in outcomes:
            changes.add(outcome.changes)
        if changes.topics:
            self._publish(changes.topics, changes.buckets, "events")


class Queued:
    """PostgreSQL: accepted into the log and the queue; `wake` is called when there is something to take."""

    piece_sizes: Mapping[Lane, int] = {Lane.URGENT: 5_000, Lane.LIVE: 5_000, Lane.BACKFILL: 500}
    row_sizes: Mapping[Lane, int] = {Lane.URGENT: 500, Lane.LIVE: 500, Lane.BACKFILL: 250}

    def __init__(
        self,
        partitions: Partitions,
        wake: Callable[[], None],
        backlog: Callable[[], Backlog],
        most_waiting: int,
        clock: Clock,
    ) -> None:
        self._partitions = partitions
        self._wake = wake
        self._backlog = backlog
        self._most_waiting = most_waiting
        self._clock = clock

    def prepare(self, instants: Collection[Instant], *, backfill: bool) -> None:
        events = self._backlog().events
        lanes = (Lane.BACKFILL,) if backfill else (Lane.URGENT, Lane.LIVE)
        if sum(events.get(lane, 0) for lane in lanes) >= self._most_waiting:
            raise QueueFull("too many events wait to be applied; post again later")
        self._partitions.ensure(instants)

    def accept(
        self, connection: Connection, *, events: Sequence[Heard], lane: Lane, careful: bool = False
    ) -> Outcome:
        now = self._clock()
        new, statuses = _tell_apart(connection, events, now)
        by_site = attrgetter("event.site")
        size = self.row_sizes[lane]
        for site, group in groupby(sorted(new, key=by_site), key=by_site):
            bodies = [heard.event.body for heard in group]
            for start in range(0, len(bodies), size):
                queue.put(connection, site, lane, bodies[start : start + size], now)
        return Outcome(statuses)

    def announce(self, outcomes: Sequence[Outcome]) -> None:
        self._wake()


def _tell_apart(
    connection: Connection, events: Sequence[Heard], received_at: Instant
) -> tuple[list[Heard], list[Status]]:
    """Adds what is new to the log; the new events, and the status of each: known from the store or from this post."""
    keys = [heard.event.key for heard in events]
    firsts = {key: heard.event for key, heard in zip(reversed(keys), reversed(events), strict=True)}
    known = log.add(connection, firsts, received_at)
    if not known and len(firsts) == len(events):
        return list(events), ["accepted"] * len(events)
    new: list[Heard] = []
    statuses: list[Status] = []
    for key, heard in zip(keys, events, strict=True):
        first, kept = firsts[key], known.get(key)
        if kept is None and first is heard.event:
            new.append(heard)
            statuses.append("accepted")
        else:
            same = log.same(first.body if kept is None else kept, heard.event.body)
            statuses.append("duplicate" if same else "conflict")
    return new, statuses
