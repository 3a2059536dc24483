"""How many events a key may post: a bucket for each, filled at a steady rate."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from services.errors import Throttled

SMALLEST_BURST = 5_000


class Throttle:
    """`rate` events a second for each key, 0 for no limit; a burst of at least 5,000 (one full post) always fits."""

    def __init__(self, rate: int, seconds: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._burst = max(rate, SMALLEST_BURST)
        self._seconds = seconds
        self._lock = threading.Lock()
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, key: str, events: int) -> None:
        """Errors: Throttled, with the time after which so many will fit; nothing is taken then."""
        if self._rate == 0:
            return
        with self._lock:
            now = self._seconds()
            left, at = self._buckets.get(key, (float(self._burst), now))
            left = min(self._burst, left + (now - at) * self._rate)
            if left < events:
                raise Throttled("too many events for this key", retry_after=(events - left) / self._rate)
            self._buckets[key] = (left - events, now)
