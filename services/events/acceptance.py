"""What accepting does inside the transaction: booked at once, or put into the queue that processors take from.

Source: docs/decisions/0006-accepting-and-applying.md.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby, islice
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
        self, connection: Connection, parts: Sequence[Sequence[Heard]], *, lane: Lane, careful: bool = False
    ) -> list[Outcome]:
        """An outcome for each part; the first bears what changed. `careful`: around what cannot be applied."""

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
        self, connection: Connection, parts: Sequence[Sequence[Heard]], *, lane: Lane, careful: bool = False
    ) -> list[Outcome]:
        new, statuses = _tell_apart(connection, parts, self._clock())
        sites = site_store.load(connection)
        if not careful:
            return _outcomes(statuses, booking.book(connection, new, sites))
        done = booking.book_around(connection, new, sites)
        self._retries.again(connection, done.failures, lane, attempts=1)
        self._retries.later(connection, done.left, lane, attempts=0)
        return _outcomes(statuses, done.changes, failed=bool(done.failures))

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
        self, connection: Connection, parts: Sequence[Sequence[Heard]], *, lane: Lane, careful: bool = False
    ) -> list[Outcome]:
        now = self._clock()
        new, statuses = _tell_apart(connection, parts, now)
        by_site = attrgetter("event.site")
        size = self.row_sizes[lane]
        for site, group in groupby(sorted(new, key=by_site), key=by_site):
            bodies = [heard.event.body for heard in group]
            for start in range(0, len(bodies), size):
                queue.put(connection, site, lane, bodies[start : start + size], now)
        return _outcomes(statuses, Changes())

    def announce(self, outcomes: Sequence[Outcome]) -> None:
        self._wake()


def _outcomes(statuses: Sequence[list[Status]], changes: Changes, *, failed: bool = False) -> list[Outcome]:
    rest = [Outcome(part, failed=failed) for part in statuses[1:]]
    return [Outcome(statuses[0], changes, failed), *rest]


def _tell_apart(
    connection: Connection, parts: Sequence[Sequence[Heard]], received_at: Instant
) -> tuple[list[Heard], list[list[Status]]]:
    """Adds what is new to the log; the new events, and by part the status of each."""
    new, statuses = _tell_all_apart(connection, [heard for part in parts for heard in part], received_at)
    rest = iter(statuses)
    return new, [list(islice(rest, len(part))) for part in parts]


def _tell_all_apart(
    connection: Connection, events: Sequence[Heard], received_at: Instant
) -> tuple[list[Heard], list[Status]]:
    """A status for each: what is there already is known from the store, or from earlier in `events`."""
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
