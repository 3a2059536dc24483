"""How many events a key may post: a bucket for each, filled at a steady rate; one for all processes where Redis is.

While Redis is out of reach each process counts for itself: the limit is then one for each process, and `shared` is
False.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from services.errors import Throttled
from services.redis_link import Client, RedisLink

SMALLEST_BURST = 5_000
MOST_BUCKETS = 10_000

# The bucket as text: what is left, and at which microsecond of Redis' own clock. It goes when it would be full.
TAKE = """
local kept = redis.pcall('GET', KEYS[1])
local rate, burst, events = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local left, at = burst, now
if type(kept) == 'string' then
    local was, when = kept:match('^(%S+) (%S+)$')
    was, when = tonumber(was), tonumber(when)
    if was and when then
        left, at = was, when
    end
end
left = math.min(burst, left + math.max(0, now - at) * rate / 1000000)
local granted = left >= events
if granted then
    left = left - events
    local lasts = math.ceil((burst - left) * 1000 / rate) + 1000
    redis.call('SET', KEYS[1], string.format('%.6f %.0f', left, now), 'PX', string.format('%.0f', lasts))
end
return {granted and 1 or 0, string.format('%.6f', left)}
"""


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a key may still post.

    Units: events; `left` is what the bucket holds now, `rate` is events a second (0: there is no limit).
    """

    rate: int
    burst: int = 0
    left: float = 0.0
    asked: int = 0
    granted: bool = True

    def check(self) -> None:
        """Errors: Throttled, with the time after which so many will fit; nothing was taken then."""
        if not self.granted:
            raise Throttled("too many events for this key", retry_after=(self.asked - self.left) / self.rate)

    @property
    def limited(self) -> bool:
        return self.rate > 0

    @property
    def remaining(self) -> int:
        return max(0, int(self.left))

    @property
    def full_after(self) -> int:
        """Seconds until the bucket is full again."""
        return math.ceil(max(0.0, self.burst - self.left) / self.rate)

    @property
    def window(self) -> int:
        """Seconds in which an empty bucket fills."""
        return math.ceil(self.burst / self.rate)


UNLIMITED = Allowance(0)


class Throttle(Protocol):
    """`shared`: one limit for all processes; otherwise each has its own."""

    @property
    def shared(self) -> bool: ...

    def take(self, key: str, events: int) -> Allowance:
        """Takes so many from the key's bucket, or nothing where it holds less; the answer's `check` raises."""


class InProcessThrottle:
    """`rate` events a second for each key, 0 for no limit; a burst of at least 5,000 (one full post) always fits."""

    shared = False

    def __init__(self, rate: int, seconds: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._burst = _burst(rate)
        self._seconds = seconds
        self._lock = threading.Lock()
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, key: str, events: int) -> Allowance:
        if self._rate == 0:
            return UNLIMITED
        with self._lock:
            now = self._seconds()
            left = self._left(key, now)
            granted = left >= events
            if granted:
                left -= events
                self._buckets[key] = (left, now)
                self._forget_full_ones(now)
            return Allowance(self._rate, self._burst, left, events, granted)

    def _left(self, key: str, now: float) -> float:
        left, at = self._buckets.get(key, (float(self._burst), now))
        return min(float(self._burst), left + (now - at) * self._rate)

    def _forget_full_ones(self, now: float) -> None:
        if len(self._buckets) > MOST_BUCKETS:
            self._buckets = {key: one for key, one in self._buckets.items() if self._left(key, now) < self._burst}


class RedisThrottle:
    """The same buckets in Redis, by its clock, for all processes; in this process while Redis is out of reach."""

    def __init__(self, rate: int, link: RedisLink) -> None:
        self._rate = rate
        self._burst = _burst(rate)
        self._link = link
        self._alone = InProcessThrottle(rate)

    @property
    def shared(self) -> bool:
        return self._link.up

    def take(self, key: str, events: int) -> Allowance:
        if self._rate == 0:
            return UNLIMITED
        name = self._link.key("rate", key)

        def ask(redis: Client) -> Any:
            return redis.register_script(TAKE)([name], [self._rate, self._burst, events])

        told = self._link.call(ask, None)
        if told is None:
            return self._alone.take(key, events)
        granted, left = told
        return Allowance(self._rate, self._burst, float(left), events, bool(granted))


def throttle_for(rate: int, link: RedisLink | None) -> Throttle:
    return InProcessThrottle(rate) if link is None else RedisThrottle(rate, link)


def _burst(rate: int) -> int:
    return max(rate, SMALLEST_BURST)
