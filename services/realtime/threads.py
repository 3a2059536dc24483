"""A thread that repeats one step: after the pause that the step asks for, or at once when it is woken."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from services.errors import StoreUnavailable

RETRY_SECONDS = 1.0
log = logging.getLogger(__name__)


class Repeating:
    """Runs `step` until stopped. An unreadable store is tried again; any other error ends the thread, loudly.

    `ran_at` and `next_at`, by the monotonic clock: when it last came through a step, and when it makes the next.
    """

    def __init__(self, name: str, step: Callable[[], float], wake: threading.Event | None = None) -> None:
        self._step = step
        self._wake = wake or threading.Event()
        self._stopping = False
        self.ran_at: float | None = None
        self.next_at: float | None = None
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout: float = 5.0) -> None:
        self._stopping = True
        self._wake.set()
        if self._thread.ident is not None:
            self._thread.join(timeout)

    @property
    def running(self) -> bool:
        return self._thread.is_alive()

    def _run(self) -> None:
        while not self._stopping:
            try:
                pause = self._step()
                self.ran_at = time.monotonic()
            except StoreUnavailable as error:
                log.warning("%s: %s", self._thread.name, error.detail)
                pause = RETRY_SECONDS
            self.next_at = time.monotonic() + pause
            if not self._stopping:
                self._wake.wait(pause)
