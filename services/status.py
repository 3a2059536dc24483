"""How Pulseboard is doing: what waits, what was counted since the start, what failed.

The store's part (what waits, dead letters) is the same whichever process answers; the counts since the start are those
of the process that is asked, and the answer says so.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.access.scope import Scope
from services.access.throttle import Throttle
from services.clock import SECOND, Clock, Instant, to_datetime
from services.events.dead_letters import DeadLetters
from services.events.lanes import Lane
from services.events.writer import Writer
from services.metrics.snapshot import Snapshots
from services.realtime.hub import Hub
from services.realtime.threads import Repeating
from services.redis_link import RedisLink
from services.storage import queue
from services.storage.engine import Store
from settings import Settings

VERSION = "0.1.0"
PER_PROCESS = "per process"

Json = dict[str, Any]


class Answers:
    """HTTP answers since the start, and how many of them said that the server had failed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.total = 0
        self.failed = 0

    def note(self, code: int) -> None:
        with self._lock:
            self.total += 1
            self.failed += code >= 500


@dataclass(frozen=True)
class Status:
    """`redis` is None where none is set; `counts` has accepted, duplicate, rejected and conflict, of this process;
    `jobs` are what runs beside serving, by name."""

    settings: Settings
    clock: Clock
    store: Store
    writer: Writer
    hub: Hub
    snapshots: Snapshots
    dead_letters: DeadLetters
    counts: Mapping[str, int]
    redis: RedisLink | None
    throttle: Throttle
    jobs: Mapping[str, Repeating]
    answers: Answers
    started_at: Instant

    def report(self, scope: Scope) -> Json:
        """All that is known, but for whether what Pulseboard stands on is in reach: health tells that.

        Units:  seconds; ratios with four decimals, null where nothing was counted yet.
        Errors: StoreUnavailable.
        """
        return {
            "version": VERSION,
            "started_at": to_datetime(self.started_at).isoformat(),
            "uptime_seconds": round((self.clock() - self.started_at) / SECOND, 1),
            "process": {"pid": os.getpid(), "workers": self.settings.workers, "counts": self._whose_counts()},
            "store": "sqlite" if self.store.is_sqlite else "postgresql",
            "connections": self.hub.stats(),
            "events": self._events(scope),
            "cache": self._cache(),
            "errors": self._errors(),
            "rate_limit": self._rate_limit(),
            "jobs": [self._job(name, job) for name, job in self.jobs.items()],
        }

    def _whose_counts(self) -> str:
        many = self.settings.workers > 1
        return "this process alone, one of several" if many else "all since the start"

    def _events(self, scope: Scope) -> Json:
        return {
            "accepted": self.counts.get("accepted", 0),
            "duplicates": self.counts.get("duplicate", 0),
            "rejected": self.counts.get("rejected", 0),
            "conflicts": self.counts.get("conflict", 0),
            "waiting": self._waiting(),
            "dead_letters": self.dead_letters.count(scope),
        }

    def _waiting(self) -> Json:
        """`posts` wait in this process for their commit; events in the queue, for all processes, for their figures."""
        with self.store.reading() as connection:
            backlog = queue.backlog(connection)
        oldest = None if backlog.oldest is None else max(0.0, round((self.clock() - backlog.oldest) / SECOND, 1))
        lanes = {lane.name.lower(): backlog.events.get(lane.value, 0) for lane in Lane}
        return {
            "posts": self.writer.waiting,
            "events": sum(lanes.values()),
            **lanes,
            "oldest_seconds": oldest,
            "failing": backlog.failing,
        }

    def _cache(self) -> Json:
        counts = self.snapshots.counts
        return {
            "kind": "in-process" if self.redis is None else "redis" if self.redis.up else "fallback",
            "hit_rate": _ratio(counts.cached, counts.cached + counts.computed),
            "cached": counts.cached,
            "computed": counts.computed,
            "stale": counts.stale,
        }

    def _errors(self) -> Json:
        total, failed = self.answers.total, self.answers.failed
        return {"answers": total, "failed": failed, "rate": _ratio(failed, total)}

    def _rate_limit(self) -> Json:
        limit = self.settings.event_processing_rate_limit
        return {"events_per_second": limit or None, "shared": True if self.throttle.shared else PER_PROCESS}

    def _job(self, name: str, job: Repeating) -> Json:
        now = time.monotonic()
        return {
            "name": name,
            "running": job.running,
            "last_run": self._moment(job.ran_at, now),
            "next_run": self._moment(job.next_at, now) if job.running else None,
        }

    def _moment(self, at: float | None, now: float) -> str | None:
        """A reading of the monotonic clock as wall-clock time."""
        return None if at is None else to_datetime(self.clock() + int((at - now) * SECOND)).isoformat()


def _ratio(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
