"""The relay: what one process announces reaches the hubs of all, by Redis at once, and by the store within a second.

A hint through Redis may be late, lost or out of order. A sweep reads the topic versions from the store and tells
what no hint told, so that only time is lost; without Redis the sweep alone does it.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Collection, Mapping
from typing import Protocol

from services.errors import StoreUnavailable
from services.realtime.changes import Buckets, Cause
from services.realtime.heard import Heard, versions_of
from services.realtime.hints import Changed, DashboardChanged, Hint, Said, Work
from services.realtime.threads import Repeating
from services.realtime.wire import Wire
from services.redis_link import RedisLink

SWEEP_SECONDS = 1.0
ALONE = "alone"


class Announcer(Protocol):
    """Who is told of changes: the hub of the only process, or the relay to the hubs of all."""

    def publish(self, topics: Collection[str] | Mapping[str, int], buckets: Buckets, cause: Cause) -> None: ...

    def announce_dashboard(self, dashboard_id: str, version: int, who: str) -> None: ...

    def broadcast(self, message: str) -> int: ...


class Relay:
    """`hub` None: a process without clients, which only tells others and hears of work.

    `work` is set when there is something in the queue of events: here, or said by another process.
    """

    def __init__(
        self, hub: Announcer | None, link: RedisLink | None, versions: Callable[[], Mapping[str, int]]
    ) -> None:
        self.work = threading.Event()
        self.mended = 0
        self._hub = hub
        self._versions = versions
        self._heard = Heard()
        self._sweeping = Repeating("sweep", self.sweep) if hub else None
        self._wire = Wire(link, self._take, all_hints=hub is not None) if link else None
        self._sender = self._wire.sender if self._wire else ALONE

    def start(self) -> None:
        """After the fork, and before the first reader: what the store says now needs no telling."""
        if self._sweeping:
            with contextlib.suppress(StoreUnavailable):  # then the first sweep that can be done tells all topics
                self._heard.begin(self._versions())
            self._sweeping.start()
        if self._wire:
            self._wire.start()

    def stop(self) -> None:
        if self._sweeping:
            self._sweeping.stop()
        if self._wire:
            self._wire.stop()

    @property
    def running(self) -> bool:
        return (self._sweeping is None or self._sweeping.running) and (self._wire is None or self._wire.running)

    def stats(self) -> dict[str, int]:
        """Hints sent, heard and dropped, and topics of which no hint told in time."""
        counts = self._wire.counts if self._wire else {}
        return {name: counts.get(name, 0) for name in ("sent", "heard", "dropped")} | {"mended": self.mended}

    def publish(self, topics: Collection[str] | Mapping[str, int], buckets: Buckets, cause: Cause) -> None:
        """As the hub's; topics with their versions after the change are told once, without them perhaps twice."""
        versions = versions_of(topics)
        self._tell(versions, buckets, cause)
        self._send(Changed(self._sender, versions, buckets, cause))

    def told(self) -> dict[str, int]:
        """Topic → the greatest version that anybody here was told of: older figures would contradict it."""
        return self._heard.greatest()

    def announce_dashboard(self, dashboard_id: str, version: int, who: str) -> None:
        if self._hub:
            self._hub.announce_dashboard(dashboard_id, version, who)
        self._send(DashboardChanged(self._sender, dashboard_id, version, who))

    def broadcast(self, message: str) -> int:
        """How many of this process were told."""
        self._send(Said(self._sender, message))
        return self._hub.broadcast(message) if self._hub else 0

    def wake(self) -> None:
        """Say that there is work in the queue, here and to all."""
        self.work.set()
        if self._wire:
            self._wire.say_work()

    def sweep(self) -> float:
        """Tell of what the store has and nobody told; seconds until the next time."""
        missed = self._heard.swept(self._versions())
        if missed and self._hub:
            self.mended += len(missed)
            self._hub.publish(missed, None, "events")
        return SWEEP_SECONDS

    def _send(self, hint: Hint) -> None:
        if self._wire:
            self._wire.put(hint)

    def _tell(self, versions: Mapping[str, int | None], buckets: Buckets, cause: Cause) -> None:
        if self._hub is None:
            return
        exact, whole = self._heard.hint(versions)
        if exact:
            self._hub.publish(exact, buckets, cause)
        if whole:
            self._hub.publish(whole, None, cause)

    def _take(self, hint: Hint) -> None:
        """What another process said."""
        match hint:
            case Work():
                self.work.set()
            case Changed():
                self._tell(hint.topics, hint.buckets, hint.cause)
            case DashboardChanged() if self._hub:
                self._hub.announce_dashboard(hint.dashboard_id, hint.version, hint.who)
            case Said() if self._hub:
                self._hub.broadcast(hint.message)
