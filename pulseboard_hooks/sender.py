"""The thread that sends: many events in a request, again and again until the server has answered for each.

It holds no event itself: what is unsent is in the buffer.
"""

from __future__ import annotations

# httpx imports these with its first client and connection, so in the thread; here, because a process that forks
# while a thread imports hands its child half a module.
import encodings.idna  # noqa: F401
import logging
import random
import ssl  # noqa: F401
import threading
import time
from contextlib import AbstractContextManager

import certifi  # noqa: F401
import httpcore  # noqa: F401
import httpx

from pulseboard_hooks.buffer import Buffer
from pulseboard_hooks.delivery import Outcome, Verdict, deliver
from pulseboard_hooks.events import Event
from pulseboard_hooks.settings import Settings
from pulseboard_hooks.tally import Tally

BATCH_EVENTS = 500
BATCH_BYTES = 1024 * 1024
FIRST_PAUSE = 0.2
LONGEST_PAUSE = 30.0
TIMEOUT = httpx.Timeout(15.0, connect=3.0)

_log = logging.getLogger("pulseboard_hooks")


class Sender:
    """Sends what is put into `buffer`, from a daemon thread that starts with the first event."""

    def __init__(
        self, settings: Settings, buffer: Buffer, tally: Tally, unforked: AbstractContextManager[object]
    ) -> None:
        self._settings = settings
        self._buffer = buffer
        self._tally = tally
        self._unforked = unforked
        self._changed = threading.Condition()  # its lock is re-entrant
        self._thread: threading.Thread | None = None
        self._deadline: float | None = None  # set when closing
        self._limit = BATCH_EVENTS
        self._failures = 0

    def offer(self, event: Event) -> bool:
        """Queues the event; False: the buffer is full and it is dropped, counted and logged."""
        if not self._buffer.put(event):
            self._tally.drop(f"the queue is full with {len(self._buffer)} events that could not be sent")
            return False
        self._start()
        with self._changed:
            self._changed.notify_all()
        return True

    def flush(self, timeout: float) -> bool:
        """Waits until everything is sent, at most `timeout` seconds; whether it is."""
        with self._changed:
            return self._changed.wait_for(lambda: len(self._buffer) == 0, timeout)

    def close(self, timeout: float) -> None:
        """Sends the rest within `timeout` seconds; what is then unsent is dropped, counted and logged."""
        with self._changed:
            self._deadline = time.monotonic() + timeout
            self._changed.notify_all()
        if not self.flush(timeout) and (left := len(self._buffer)):
            self._tally.drop("the process ends before they could be sent", left)

    def _start(self) -> None:
        if self._thread is not None and self._thread.is_alive():
            return
        with self._changed:
            if self._thread is None or not self._thread.is_alive():
                thread = threading.Thread(target=self._run, name="pulseboard-hooks", daemon=True)
                thread.start()
                self._thread = thread

    def _run(self) -> None:
        headers = {"Authorization": f"Bearer {self._settings.api_key}"}
        with self._unforked:  # reading certificates takes OpenSSL's locks, for tens of milliseconds
            client = httpx.Client(headers=headers, timeout=TIMEOUT)
        with client:
            while batch := self._next():
                verdict = deliver(client, self._settings.events_url, batch)
                self._act(verdict, batch)

    def _next(self) -> list[Event]:
        """The next events to send, as soon as there are any; none when it is time to end."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._buffer) > 0 or self._deadline is not None)
        if self._deadline is not None and time.monotonic() >= self._deadline:
            return []
        return self._buffer.peek(self._limit, BATCH_BYTES)

    def _act(self, verdict: Verdict, batch: list[Event]) -> None:
        if verdict.outcome is Outcome.SETTLED:
            self._settle(verdict, batch)
        elif verdict.outcome is Outcome.UNREADABLE:
            self._limit = max(1, len(batch) // 2)  # down to the one event that is to blame
        else:
            self._pause(verdict)

    def _settle(self, verdict: Verdict, batch: list[Event]) -> None:
        if self._failures:
            _log.info("pulseboard answers again")
        self._failures = 0
        self._limit = min(BATCH_EVENTS, self._limit * 2)
        self._tally.settle(verdict)
        self._buffer.discard(len(batch))
        with self._changed:
            self._changed.notify_all()

    def _pause(self, verdict: Verdict) -> None:
        self._failures += 1
        self._tally.retry()
        if self._failures == 1 or verdict.outcome is Outcome.HELD:
            level = logging.ERROR if verdict.outcome is Outcome.HELD else logging.WARNING
            _log.log(level, "%d events wait, pulseboard takes none now: %s", len(self._buffer), verdict.reason)
        pause = self._backoff(verdict)
        with self._changed:
            self._changed.wait_for(lambda: self._deadline is not None, pause)
        if self._deadline is not None:
            time.sleep(min(pause, 0.1))

    def _backoff(self, verdict: Verdict) -> float:
        """Seconds to wait: full jitter under a ceiling that doubles, never less than the server asked for."""
        doubled = FIRST_PAUSE * 2 ** min(self._failures, 10)
        ceiling = LONGEST_PAUSE if verdict.outcome is Outcome.HELD else min(LONGEST_PAUSE, doubled)
        spread = random.uniform(0.0, ceiling)  # noqa: S311 - it spreads load, and guards nothing
        if verdict.retry_after:
            return verdict.retry_after + min(spread, verdict.retry_after)
        return max(spread, 0.05)
