"""The wall clock of a time zone: what it shows, when it first shows it, and its hours."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from services.clock import HOUR, SECOND, Instant, to_datetime, to_instant
from services.errors import InvalidRequest


class WallClock:
    """Instants to wall-clock time and back.

    Errors: InvalidRequest for a name that is no IANA zone.
    """

    def __init__(self, tz: str) -> None:
        if tz not in _zone_names():
            raise InvalidRequest(f"'{tz}' is no IANA time zone", pointer="/tz")
        self._zone = ZoneInfo(tz)

    def local(self, instant: Instant) -> datetime:
        return to_datetime(instant).astimezone(self._zone)

    def first(self, wall: datetime) -> Instant:
        """The first instant at which the clock shows `wall` (naive), or the next valid one if it is skipped."""
        early = to_instant(wall.replace(tzinfo=self._zone, fold=0))
        if self.local(early).replace(tzinfo=None) == wall:
            return early
        # In a gap fold 0 counts on from before the change and fold 1 back from after it: the change lies between.
        return self._change(to_instant(wall.replace(tzinfo=self._zone, fold=1)), early)

    def hour(self, instant: Instant) -> tuple[Instant, Instant]:
        """The hour that holds the instant, half open: from full hour to full hour, cut where the offset changes."""
        offset = self._offset(instant)
        start = instant - (instant + offset) % HOUR
        end = start + HOUR
        if self._offset(start) != offset:
            start = self._change(start, instant)
        if self._offset(end - 1) != offset:
            end = self._change(instant, end - 1)
        return start, end

    def _offset(self, instant: Instant) -> int:
        return to_instant(self.local(instant).replace(tzinfo=UTC)) - instant

    def _change(self, before: Instant, after: Instant) -> Instant:
        """The instant between the two at which the offset changes; changes fall on whole seconds."""
        wanted, low, high = self._offset(after), before // SECOND, after // SECOND
        while high - low > 1:
            middle = (low + high) // 2
            if self._offset(middle * SECOND) == wanted:
                high = middle
            else:
                low = middle
        return high * SECOND


@lru_cache(maxsize=1)
def _zone_names() -> frozenset[str]:
    return frozenset(available_timezones())


@lru_cache(maxsize=512)
def wall_clock(tz: str) -> WallClock:
    """The wall clock of the zone, the same object each time."""
    return WallClock(tz)
