"""The thread that sends: many events in a request, again and again until the server has answered for each.

It holds no event itself: what is unsent is in the outboxes.
"""

from __future__ import annotations

# httpx imports these with its first client and connection, so in the thread; here, because a process that forks
# while a thread imports hands its child half a module.
import encodings.idna  # noqa: F401
import logging
import random
import threading
import time
from contextlib import AbstractContextManager

import certifi  # noqa: F401
import httpcore  # noqa: F401
import httpx

from pulseboard_hooks.connection import connect
from pulseboard_hooks.delivery import Outcome, Verdict, deliver, together
from pulseboard_hooks.errors import OutboxDamaged, OutboxError
from pulseboard_hooks.events import Event
from pulseboard_hooks.outbox import Outbox
from pulseboard_hooks.outboxes import SCAN_SECONDS, Outboxes
from pulseboard_hooks.set_aside import SetAside
from pulseboard_hooks.settings import Settings
from pulseboard_hooks.tally import Tally

BATCH_EVENTS = 500
BATCH_BYTES = 1024 * 1024
FIRST_PAUSE = 0.2
LONGEST_PAUSE = 30.0
DOUBTFUL = "sent under another API key, and the answer was lost: it may be counted already"

_log = logging.getLogger("pulseboard_hooks")


class Sender:
    """Sends what is in `boxes`, from a daemon thread that starts when it is first woken."""

    def __init__(
        self,
        settings: Settings,
        boxes: Outboxes,
        aside: SetAside,
        tally: Tally,
        unforked: AbstractContextManager[object],
    ) -> None:
        self._settings = settings
        self._boxes = boxes
        self._aside = aside
        self._tally = tally
        self._unforked = unforked
        self._changed = threading.Condition()  # its lock is re-entrant
        self._ending = threading.Condition()
        self._thread: threading.Thread | None = None
        self._deadline: float | None = None  # set when closing
        self._limit = BATCH_EVENTS
        self._failures = 0

    def wake(self) -> None:
        """There is something to send. Errors: RuntimeError where no thread can be started (any more)."""
        self._start()
        with self._changed:
            self._changed.notify_all()

    def flush(self, timeout: float) -> bool:
        """Waits until everything is sent, at most `timeout` seconds; whether it is."""
        with self._changed:
            return self._changed.wait_for(lambda: self._boxes.settled, timeout)

    def close(self, timeout: float) -> bool:
        """Sends the rest within `timeout` seconds; whether the thread has ended."""
        with self._ending, self._changed:
            self._deadline = time.monotonic() + timeout
            self._ending.notify_all()
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(timeout + 0.2)  # a pause that it is in ends late
        return self._thread is None or not self._thread.is_alive()

    def _start(self) -> None:
        if self._thread is not None and self._thread.is_alive():
            return
        with self._changed:
            if self._thread is None or not self._thread.is_alive():
                thread = threading.Thread(target=self._run, name="pulseboard-hooks", daemon=True)
                thread.start()
                self._thread = thread

    def _run(self) -> None:
        with self._unforked:  # it takes locks of OpenSSL, which a child would find locked for good
            client = connect(self._settings)
        with client:
            while self._has_work():
                box = None
                try:
                    box = self._boxes.next()
                    if box is not None:
                        self._send_from(box, client)
                except OutboxDamaged as error:
                    self._replace(box, error)
                except OutboxError as error:
                    self._pause(Verdict(Outcome.LATER, str(error)))
                with self._changed:
                    self._changed.notify_all()

    def _has_work(self) -> bool:
        """Waits for something to send, or to look for; False: it is time to end."""
        with self._changed:
            self._changed.wait_for(
                lambda: len(self._boxes) > 0 or self._boxes.look_due or self._deadline is not None, SCAN_SECONDS
            )
        if self._deadline is None:
            return True
        return self._settings.sendable and time.monotonic() < self._deadline and not self._boxes.settled

    def _send_from(self, box: Outbox, client: httpx.Client) -> None:
        waiting = box.peek(box.doubtful or self._limit, BATCH_BYTES)
        if not waiting:
            self._boxes.drained(box)
        elif box.doubtful:
            self._settle(Verdict(Outcome.SETTLED, refused=tuple((event, DOUBTFUL) for event in waiting)), waiting, box)
        elif not self._settings.sendable:
            self._pause(Verdict(Outcome.HELD, "; ".join(self._settings.faults)))
        else:
            batch = together(waiting)
            box.mark(len(batch))
            self._act(deliver(client, self._settings.url, batch), batch, box)

    def _act(self, verdict: Verdict, batch: list[Event], box: Outbox) -> None:
        if verdict.untouched:
            box.mark(0)
        if verdict.outcome is Outcome.SETTLED:
            self._settle(verdict, batch, box)
        elif verdict.outcome is Outcome.UNREADABLE:
            self._limit = max(1, len(batch) // 2)  # down to the one event that is to blame
        else:
            self._pause(verdict)

    def _settle(self, verdict: Verdict, batch: list[Event], box: Outbox) -> None:
        if self._failures:
            _log.info("pulseboard answers again")
        self._failures = 0
        self._limit = min(BATCH_EVENTS, self._limit * 2)
        if verdict.refused:
            self._keep_refused(verdict)
        self._tally.settle(verdict)
        box.discard(batch)
        self._boxes.drained(box)

    def _keep_refused(self, verdict: Verdict) -> None:
        try:
            self._aside.add(verdict.refused)
        except OSError as error:
            for event, _ in verdict.refused:
                _log.error("a refused event is in this line alone, %s: %s", error, event.body.decode())

    def _replace(self, box: Outbox | None, error: OutboxDamaged) -> None:
        try:
            if box is not None:
                self._boxes.set_aside(box, error)
        except OutboxError as failure:
            self._pause(Verdict(Outcome.LATER, str(failure)))

    def _pause(self, verdict: Verdict) -> None:
        self._failures += 1
        self._tally.retry()
        if self._failures == 1 or (verdict.outcome is Outcome.HELD and self._deadline is None):
            level = logging.ERROR if verdict.outcome is Outcome.HELD else logging.WARNING
            _log.log(level, "%d events wait, pulseboard takes none now: %s", len(self._boxes), verdict.reason)
        pause = self._backoff(verdict)
        with self._ending:
            self._ending.wait_for(lambda: self._deadline is not None, pause)
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
