"""The threads that keep the hub alive: telling, looking again at credentials, the turns of time, values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from services.clock import Clock
from services.metrics.query import Query
from services.realtime.hub import Hub
from services.realtime.threads import Repeating
from services.realtime.ticker import Site, Ticker
from services.realtime.values import Reading, Values
from services.realtime.watch import Watch

Read = Callable[[Sequence[Query], Any], Sequence[Reading]]


class Live:
    """Started after the fork, stopped before the store closes."""

    def __init__(self, hub: Hub, sites: Callable[[], Iterable[Site]], read: Read, clock: Clock) -> None:
        values = Values(read, lambda: [site.id for site in sites()])
        hub.tell_values = values.ask
        self._hub = hub
        self._threads = (
            Repeating("hub", hub.step, hub.wake),
            Repeating("watch", Watch(hub).step),
            Repeating("ticker", Ticker(hub, sites, clock).step),
            Repeating("values", values.step, values.wake),
        )

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Close every socket with 1012, then end the threads."""
        self._hub.close_all()
        for thread in self._threads:
            thread.stop()

    @property
    def running(self) -> bool:
        """False when a thread has died: the figures are right, but nobody is told that they change."""
        return all(thread.running for thread in self._threads)
