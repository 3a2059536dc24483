"""Events that could not be applied: tried again, each time later, and in the end put among the dead letters."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterable, Sequence
from itertools import groupby
from operator import attrgetter

from sqlalchemy import Connection

from services.clock import SECOND, Clock, Instant
from services.events.booking import Failure, Heard
from services.storage import queue
from services.storage.queue import Letter

DELAYS_SECONDS = (0.5, 1.0, 2.0, 4.0)
"""Before the second, third … attempt; one that fails after the last of them is the last."""


class Retries:
    """`wake` is set when something is to be tried again, and by whoever adds to the queue."""

    def __init__(
        self, clock: Clock, wake: threading.Event | None = None, delays: Sequence[float] = DELAYS_SECONDS
    ) -> None:
        self.wake = wake or threading.Event()
        self._clock = clock
        self._delays = [int(delay * SECOND) for delay in delays]

    def again(self, connection: Connection, failures: Sequence[Failure], lane: int, attempts: int) -> None:
        """Lets each of the events, which failed `attempts` times, wait for its next attempt, or buries it."""
        now = self._clock()
        if attempts > len(self._delays):
            queue.bury(connection, [_letter(failure, attempts, now) for failure in failures])
            return
        not_before = now + self._delays[attempts - 1]
        for failure in failures:
            event = failure.event
            queue.put(connection, event.site, lane, [event.body], now, attempts=attempts, not_before=not_before,
                      reason=failure.reason)  # fmt: skip

    def later(self, connection: Connection, parts: Iterable[Sequence[Heard]], lane: int, attempts: int) -> None:
        """Lets events wait that were not reached for their neighbours' sake, part by part, behind what is new."""
        now = self._clock()
        by_site = attrgetter("event.site")
        for part in parts:
            for site, group in groupby(sorted(part, key=by_site), key=by_site):
                queue.put(connection, site, lane, [heard.event.body for heard in group], now, attempts=max(1, attempts))


def _letter(failure: Failure, attempts: int, now: Instant) -> Letter:
    event = failure.event
    return Letter(
        event.site, uuid.uuid4().hex, event.source, event.id, event.type, event.at, event.body,
        failure.reason, attempts, now,
    )  # fmt: skip
