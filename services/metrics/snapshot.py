"""The snapshot service: what every widget, page, export and socket reads figures from.

All queries of one call are answered from one snapshot of the store. A cached answer is given only when the versions
of its topics, read in that same snapshot, are those it was computed at.
"""

from __future__ import annotations

import contextlib
import fnmatch
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from sqlalchemy import Connection, select

from services import clock
from services.access.scope import Scope
from services.clock import Clock, Instant
from services.errors import PulseboardError, StoreUnavailable
from services.metrics import catalogue, engine, ranges, rollups, sites
from services.metrics.answer import Answer
from services.metrics.cache import Cache, Entry, SingleFlight, Versions
from services.metrics.catalogue import TIME_UNITS
from services.metrics.look import Look
from services.metrics.query import Query
from services.metrics.sites import Site
from services.storage import tables
from services.storage.engine import BUSY_TIMEOUT_SECONDS, CONNECTIONS, Store
from services.storage.replica import Replica

CacheStatus = Literal["fresh", "cached", "stale"]
Told = Callable[[], Mapping[str, int]]
"""Topic → version that somebody was told of: they will not be given figures from before it."""
_StoredVersions = Mapping[tuple[str, str], int]

READERS_AT_ONCE = CONNECTIONS - 8
"""So many read figures at one time; what is slow or stuck there leaves connections to posts, the gate and health."""

COMPARED_FOR = 5 * clock.SECOND
"""How long a comparison with the same elapsed part stands: its end moves with the clock."""


@dataclass(frozen=True, slots=True)
class Reading:
    """An answer, or why there is none. `stale`: the store could not be read, and this is what was known."""

    answer: Answer | None
    error: PulseboardError | None
    cache_status: CacheStatus
    as_of: Instant


@dataclass(slots=True)
class Counts:
    """How reads were served since the start."""

    cached: int = 0
    computed: int = 0
    stale: int = 0
    replica: int = 0
    """Of all reads, how many the replica served."""


class Snapshots:
    """Answers queries for a scope, from the cache where that is right."""

    def __init__(
        self,
        store: Store,
        cache: Cache,
        clock: Clock,
        ttl_seconds: float,
        replica: Replica | None = None,
        told: Told = dict,
    ) -> None:
        """With a `replica`, figures come from there where it holds all that anybody here was `told` of."""
        self._store = store
        self._replica = replica
        self._told = told
        self._cache = cache
        self._clock = clock
        self._ttl = int(ttl_seconds * 1_000_000)
        self._flights = SingleFlight()
        self._seats = threading.BoundedSemaphore(READERS_AT_ONCE)
        self._count_lock = threading.Lock()
        self.counts = Counts()

    def read(self, queries: Sequence[Query], scope: Scope) -> list[Reading]:
        """One reading for each query, in their order; a query that fails does not spoil its neighbours."""
        now = self._clock()
        try:
            return self._from_replica(queries, scope, now) or self._from_primary(queries, scope, now)
        except StoreUnavailable as error:
            return [self._last_known(query, scope, error, now) for query in queries]

    def close(self) -> None:
        """Lets the replica go; the store is the caller's."""
        if self._replica is not None:
            self._replica.close()

    def topics(self, query: Query, scope: Scope) -> frozenset[str]:
        """What an invalidation must name for this query's answer to change. Raises as the query would."""
        with self._store.reading() as connection:
            asked = engine.allowed_sites(query, scope, sites.load(connection))
        return frozenset(f"{query.metric}@{site.id}" for site in asked)

    def invalidate(self, pattern: str, scope: Scope) -> frozenset[str]:
        """Makes cached answers of topics like `revenue@*` out of date, at the scope's sites; returns those topics."""
        matched: set[str] = set()
        with self._store.writing() as connection:
            for site_id in filter(scope.sees, sites.load(connection)):
                metrics = [
                    metric.name
                    for metric in catalogue.METRICS
                    if fnmatch.fnmatchcase(f"{metric.name}@{site_id}", pattern)
                ]
                rollups.bump_topics(connection, site_id, metrics)
                matched |= {f"{metric}@{site_id}" for metric in metrics}
        return frozenset(matched)

    def _from_primary(self, queries: Sequence[Query], scope: Scope, now: Instant) -> list[Reading]:
        with self._seat(), self._store.reading() as connection:
            return self._answers(connection, _topic_versions(connection), queries, scope, now)

    @contextlib.contextmanager
    def _seat(self) -> Iterator[None]:
        if not self._seats.acquire(timeout=BUSY_TIMEOUT_SECONDS):
            raise StoreUnavailable("too many read figures now")
        try:
            yield
        finally:
            self._seats.release()

    def _from_replica(self, queries: Sequence[Query], scope: Scope, now: Instant) -> list[Reading]:
        """The same from the replica; none where there is none, or it is behind or fails."""
        if self._replica is None:
            return []
        told = self._told()
        with contextlib.suppress(StoreUnavailable), self._replica.reading() as connection:
            versions = _topic_versions(connection)
            if all(versions.get(_site_and_metric(topic), 0) >= version for topic, version in told.items()):
                readings = self._answers(connection, versions, queries, scope, now)
                self._count("replica")
                return readings
        return []

    def _answers(
        self, connection: Connection, versions: _StoredVersions, queries: Sequence[Query], scope: Scope, now: Instant
    ) -> list[Reading]:
        look = Look(connection, sites.load(connection), now)
        return [self._one(look, query, scope, versions) for query in queries]

    def _one(self, look: Look, query: Query, scope: Scope, versions: _StoredVersions) -> Reading:
        now = look.now
        try:
            asked = engine.allowed_sites(query, scope, look.sites)
            current: Versions = tuple(
                (site.id, site.settings_version, site.built_before, versions.get((site.id, query.metric), 0))
                for site in asked
            )
            key = _key(query, scope)

            def find() -> Entry | None:
                return self._cache.get(
                    key, lambda entry: now < entry.valid_until and _at_least(entry.versions, current)
                )

            def compute() -> Entry:
                asked_at = look if query.now is None else replace(look, now=clock.to_instant(query.now))
                answer = engine.answer(asked_at, query, scope)
                entry = Entry(answer, current, self._valid_until(look, query, asked))
                self._cache.put(key, entry)
                return entry

            entry, computed = self._flights.run(key, find, compute)
        except StoreUnavailable:
            raise
        except PulseboardError as error:
            return Reading(None, error, "fresh", now)
        self._count("computed" if computed else "cached")
        return Reading(entry.answer, None, "fresh" if computed else "cached", entry.answer.as_of)

    def _last_known(self, query: Query, scope: Scope, error: StoreUnavailable, now: Instant) -> Reading:
        entry = self._cache.get(_key(query, scope))
        if entry is None:
            return Reading(None, error, "stale", now)
        self._count("stale")
        return Reading(entry.answer, None, "stale", entry.answer.as_of)

    def _valid_until(self, look: Look, query: Query, asked: Sequence[Site]) -> Instant:
        """Until when nothing but an event can change the answer."""
        now = look.now
        bounds = [now + self._ttl]
        if query.now is None:
            units = [name for name in query.group_by if name in TIME_UNITS]
            bounds += [ranges.next_turn(query.range, units, site.calendar, now) for site in asked]
            bounds += [] if look.ahead is None else [look.ahead]
            bounds += [] if query.compare is None else [now + COMPARED_FOR]
        return min(bounds)

    def _count(self, what: str) -> None:
        with self._count_lock:
            setattr(self.counts, what, getattr(self.counts, what) + 1)


def _key(query: Query, scope: Scope) -> tuple[object, ...]:
    return (query.canonical(), scope.figures_key())


def _site_and_metric(topic: str) -> tuple[str, str]:
    metric, _, site = topic.partition("@")
    return site, metric


def _topic_versions(connection: Connection) -> _StoredVersions:
    table = tables.topic_versions
    rows = connection.execute(select(table.c.site, table.c.metric, table.c.version))
    return {(row.site, row.metric): row.version for row in rows}


def _at_least(have: Versions, need: Versions) -> bool:
    """The same sites with the same settings, and no topic older than the reader's own snapshot says."""
    return len(have) == len(need) and all(
        mine[:3] == theirs[:3] and mine[3] >= theirs[3]  # type: ignore[index]
        for mine, theirs in zip(have, need, strict=True)
    )
