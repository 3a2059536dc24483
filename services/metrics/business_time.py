"""Business time: which day, hour and label an instant has at one site.

The one place that decides it, for filters, buckets, labels and exports alike. Pure: no store, no clock.

A business day runs from its start on the wall clock to the next day's start, so it is as long as the difference
of the two. Within it, hours are those of the wall clock. Changes of the clock need no special path further up:
an hour that is repeated (or half an hour, as at Lord Howe) is a bucket of its own, and a day whose start is
skipped starts at the next valid instant.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property, lru_cache
from typing import Literal, NamedTuple

from services.clock import MINUTE, Instant
from services.errors import InvalidRequest
from services.metrics.wall_clock import wall_clock

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
HOURS = tuple(f"{hour:02}" for hour in range(24))
ONE_DAY = timedelta(days=1)

Stretch = tuple[Instant, Instant]

_MEMO_KEY = 15 * MINUTE  # nearly every segment starts and ends on a quarter of an hour
_MEMO_SIZE = 100_000


class Segment(NamedTuple):
    """The stretch that an hour of the wall clock and a business day have in common: the finest rolled-up cell."""

    start: Instant
    end: Instant
    hour: Instant
    next_hour: Instant
    day: date
    business_date: str
    """The day as `YYYY-MM-DD`."""


@dataclass(frozen=True)
class Cover:
    """A stretch of time told in the coarsest whole cells; the pieces tile it exactly.

    `days` are whole business days, half open. `hours` are stretches outside them made of whole segments, so that
    their ends are starts of hours or of days. `rest` is what is left at the ends.
    """

    days: tuple[date, date] | None = None
    hours: tuple[Stretch, ...] = ()
    rest: tuple[Stretch, ...] = ()


@dataclass(frozen=True)
class Calendar:
    """The calendar of a site: its zone (IANA name) and when its business day turns ('HH:MM').

    Errors: InvalidRequest for an unknown zone or a time that is none.
    """

    tz: str
    day_starts_at: str = "00:00"

    def __post_init__(self) -> None:
        wall_clock(self.tz)
        if not re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", self.day_starts_at):
            raise InvalidRequest("the day's start must be a time such as 04:00", pointer="/day_starts_at")

    def local(self, instant: Instant) -> datetime:
        """The instant as the site's clocks show it, with its offset."""
        return wall_clock(self.tz).local(instant)

    def at(self, wall: datetime) -> Instant:
        """The first instant at which the site's clocks show `wall` (naive), or the next valid one if they skip it."""
        return wall_clock(self.tz).first(wall)

    def segment(self, instant: Instant) -> Segment:
        """The finest cell that holds the instant; many instants are asked for in each of them."""
        known = self._segments.get(instant // _MEMO_KEY)
        if known is not None and known.start <= instant < known.end:
            return known
        return self._remember(instant)

    def business_date(self, instant: Instant) -> date:
        return self.segment(instant).day

    def day_start(self, day: date) -> Instant:
        """The business day's first instant; a start that is repeated is its first, a skipped one the next valid."""
        start = self._day_starts.get(day)
        if start is None:
            start = self.at(datetime.combine(day, time.fromisoformat(self.day_starts_at)))
            self._day_starts[day] = start
        return start

    def hour_start(self, instant: Instant) -> Instant:
        """The first instant of the wall-clock hour that holds it.

        A change of offset within the hour starts another bucket.
        """
        return self.segment(instant).hour

    def next_hour(self, instant: Instant) -> Instant:
        """The first instant after the wall-clock hour that holds it."""
        return self.segment(instant).next_hour

    def label(self, unit: str, instant: Instant) -> str:
        """What an instant's bucket is called; minutes and hours by their first instant."""
        if unit == "minute":
            return self.local(instant - instant % MINUTE).isoformat(timespec="seconds")
        if unit == "hour":
            return self.local(self.hour_start(instant)).isoformat(timespec="seconds")
        if unit == "hour_of_day":
            return f"{self.local(instant).hour:02}"
        return self.label_of_date(unit, self.business_date(instant))

    def label_of_date(self, unit: str, day: date) -> str:
        """What a business date's bucket is called: day, week, month or weekday."""
        if unit == "day":
            return day.isoformat()
        if unit == "week":
            return monday(day).isoformat()
        if unit == "month":
            return day.isoformat()[:7]
        if unit == "weekday":
            return WEEKDAYS[day.weekday()]
        raise ValueError(f"not a unit of business time: {unit}")

    def bucket_end(self, unit: str, instant: Instant) -> Instant:
        """The first instant after the bucket that holds it; of weekday and hour_of_day, after that day or hour."""
        if unit == "minute":
            return instant - instant % MINUTE + MINUTE
        if unit in ("hour", "hour_of_day"):
            return self.next_hour(instant)
        day = self.business_date(instant)
        if unit == "week":
            return self.day_start(monday(day) + 7 * ONE_DAY)
        if unit == "month":
            return self.day_start((day.replace(day=28) + 4 * ONE_DAY).replace(day=1))
        return self.day_start(day + ONE_DAY)

    def buckets(self, unit: str, start: Instant, end: Instant) -> list[str]:
        """The labels of all buckets that overlap [start, end), in order; Mon first, 00 first."""
        if start >= end:
            return []
        if unit == "minute":
            return [self.label(unit, minute) for minute in range(start - start % MINUTE, end, MINUTE)]
        if unit == "hour":
            return [self.label(unit, hour) for hour in self._hours(start, end)]
        if unit == "hour_of_day":
            return self._hours_of_day(start, end)
        labels = dict.fromkeys(self.label_of_date(unit, day) for day in self._days(start, end))
        return sorted(labels, key=WEEKDAYS.index) if unit == "weekday" else list(labels)

    def cover(self, start: Instant, end: Instant, finest: Literal["day", "hour"] = "day") -> Cover:
        """[start, end) in whole business days, whole segments and the rest; with `finest` hour, without days."""
        if start >= end:
            return Cover()
        first, last = self._next_day(start), self.business_date(end)
        if finest == "hour" or first >= last:
            hours, rest = self._in_segments(start, end)
            return Cover(None, hours, rest)
        before, rest_before = self._in_segments(start, self.day_start(first))
        after, rest_after = self._in_segments(self.day_start(last), end)
        return Cover((first, last), before + after, rest_before + rest_after)

    # Inside.

    @cached_property
    def _segments(self) -> dict[int, Segment]:
        return _memos(self.tz, self.day_starts_at)[0]

    @cached_property
    def _day_starts(self) -> dict[date, Instant]:
        return _memos(self.tz, self.day_starts_at)[1]

    def _remember(self, instant: Instant) -> Segment:
        day = self.local(instant).date()
        while instant < self.day_start(day):
            day -= ONE_DAY
        while instant >= self.day_start(day + ONE_DAY):
            day += ONE_DAY
        hour, next_hour = wall_clock(self.tz).hour(instant)
        start, end = max(hour, self.day_start(day)), min(next_hour, self.day_start(day + ONE_DAY))
        if len(self._segments) >= _MEMO_SIZE:
            self._segments.clear()
            self._day_starts.clear()
        segment = self._segments[instant // _MEMO_KEY] = Segment(start, end, hour, next_hour, day, day.isoformat())
        return segment

    def _hours(self, start: Instant, end: Instant) -> list[Instant]:
        hours = []
        while start < end:
            hours.append(self.hour_start(start))
            start = self.next_hour(start)
        return hours

    def _hours_of_day(self, start: Instant, end: Instant) -> list[str]:
        labels: set[str] = set()
        while start < end and len(labels) < 24:
            labels.add(self.label("hour_of_day", start))
            start = self.next_hour(start)
        return sorted(labels)

    def _days(self, start: Instant, end: Instant) -> list[date]:
        """The business dates that [start, end) touches; a date that the zone skipped is none of them."""
        day, last = self.business_date(start), self.business_date(end - 1)
        days = []
        while day <= last:
            if self.day_start(day) < self.day_start(day + ONE_DAY):
                days.append(day)
            day += ONE_DAY
        return days

    def _next_day(self, instant: Instant) -> date:
        """The first business day that starts at the instant or later."""
        day = self.business_date(instant)
        return day if self.day_start(day) == instant else day + ONE_DAY

    def _in_segments(self, start: Instant, end: Instant) -> tuple[tuple[Stretch, ...], tuple[Stretch, ...]]:
        if start >= end:
            return (), ()
        opening, closing = self.segment(start), self.segment(end)
        low = start if start == opening.start else opening.end
        high = closing.start
        if low >= high:
            return (), ((start, end),)
        ends = ((start, low), (high, end))
        return ((low, high),), tuple(stretch for stretch in ends if stretch[0] < stretch[1])


def monday(day: date) -> date:
    """The Monday of the day's week."""
    return day - timedelta(days=day.weekday())


@lru_cache(maxsize=512)
def _memos(tz: str, day_starts_at: str) -> tuple[dict[int, Segment], dict[date, Instant]]:
    """What equal calendars have found out already, whichever of them was asked."""
    return {}, {}
