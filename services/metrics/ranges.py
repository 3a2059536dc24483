"""Ranges of business time: which period a range names now, and which earlier one it is compared with.

A period is cut at `now`, which itself still counts; its `whole_end` is not. What it is compared with is cut at the
same place, so that equal elapsed parts meet. Pure: `now` is an argument.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from services.clock import MINUTE, Instant, to_instant
from services.metrics.answer import Period
from services.metrics.business_time import ONE_DAY, Calendar, monday
from services.metrics.catalogue import TIME_UNITS
from services.metrics.query import AbsoluteRange

Range = str | AbsoluteRange
Shift = Callable[[date], date]

NEVER: Instant = 2**62
"""The turn of what time alone does not change."""

_LAST_DAYS = {"last_7_days": 7, "last_30_days": 30, "last_90_days": 90, "last_8_weeks": 56}
_ROLLING = ("last_60_minutes", "last_24_hours")
_OF_WEEKS = ("this_week", "last_8_weeks")
_MONTHS_BACK = {"this_month": 1, "last_12_months": 12, "this_year": 12}


@dataclass(frozen=True, slots=True)
class Days:
    """Whole business days, half open."""

    first: date
    stop: date

    def shifted(self, shift: Shift) -> Days:
        """Both ends shifted: whole months stay whole months, all else ends on its shifted last day."""
        if self.first.day == self.stop.day == 1:
            return Days(shift(self.first), shift(self.stop))
        return Days(shift(self.first), shift(self.stop - ONE_DAY) + ONE_DAY)


def resolve(range_: Range, calendar: Calendar, now: Instant) -> Period:
    """The period that the range names at `now`; empty when all of it is still to come."""
    start, whole_end = _bounds(range_, calendar, now)
    return _period(start, now + 1, whole_end, calendar)


def compared(range_: Range, compare: str, calendar: Calendar, now: Instant) -> Period:
    """The earlier period that the range is compared with, cut where the elapsed part of the range's own ends."""
    shift = _shift_of(range_, compare, calendar, now)
    start, whole_end = _bounds(range_, calendar, now)
    if shift is None:
        length = whole_end - start
        return _period(start - length, now + 1 - length, start, calendar)
    if range_ in _ROLLING:
        return resolve(range_, calendar, _same_time(calendar, now, shift))
    then, then_end = _shifted_bounds(range_, shift, calendar, now)
    if now < start:
        return _period(then, then, then_end, calendar)
    reached = _same_time(calendar, now, shift) + 1 if now < whole_end else then_end
    return _period(then, reached, then_end, calendar)


def next_turn(
    range_: Range, group_by: Collection[str], calendar: Calendar, now: Instant, compare: str | None = None
) -> Instant:
    """The first instant after `now` at which time alone changes the answer: the range moves or a bucket opens.

    What an open period is compared with grows all the time; that is followed by the minute. NEVER, if it is over.
    """
    start, whole_end = _bounds(range_, calendar, now)
    turns = [_range_moves(range_, calendar, now)]
    if start <= now < whole_end:
        units = [unit for unit in group_by if unit in TIME_UNITS] + (["minute"] if compare else [])
        turns += [calendar.bucket_end(unit, now) for unit in units]
    return min(turns)


# What a range names.


def _bounds(range_: Range, calendar: Calendar, now: Instant) -> tuple[Instant, Instant]:
    """Start and whole end."""
    if isinstance(range_, AbsoluteRange):
        return to_instant(range_.from_), to_instant(range_.to)
    if range_ == "last_60_minutes":
        end = calendar.bucket_end("minute", now)
        return end - 60 * MINUTE, end
    if range_ == "last_24_hours":
        return _hours_back(calendar, now, 23), calendar.next_hour(now)
    return _edges(calendar, _named_days(range_, calendar.business_date(now)))


def _named_days(name: str, today: date) -> Days:
    month = today.replace(day=1)
    if name == "today":
        return Days(today, today + ONE_DAY)
    if name == "yesterday":
        return Days(today - ONE_DAY, today)
    if name in _LAST_DAYS:
        return Days(today - timedelta(days=_LAST_DAYS[name] - 1), today + ONE_DAY)
    if name == "this_week":
        return Days(monday(today), monday(today) + timedelta(days=7))
    if name == "this_month":
        return Days(month, _months_later(month, 1))
    if name == "this_year":
        return Days(month.replace(month=1), _months_later(month.replace(month=1), 12))
    if name == "last_12_months":
        return Days(_months_later(month, -11), _months_later(month, 1))
    raise ValueError(f"not a range: {name}")


def _days(range_: Range, calendar: Calendar, now: Instant) -> Days | None:
    """The business days that the range is made of, or None where it is not made of whole ones."""
    if isinstance(range_, str):
        return None if range_ in _ROLLING else _named_days(range_, calendar.business_date(now))
    edges = to_instant(range_.from_), to_instant(range_.to)
    days = Days(*map(calendar.business_date, edges))
    return days if _edges(calendar, days) == edges else None


def _edges(calendar: Calendar, days: Days) -> tuple[Instant, Instant]:
    return calendar.day_start(days.first), calendar.day_start(days.stop)


def _hours_back(calendar: Calendar, instant: Instant, hours: int) -> Instant:
    start = calendar.hour_start(instant)
    for _ in range(hours):
        start = calendar.hour_start(start - 1)
    return start


def _period(start: Instant, end: Instant, whole_end: Instant, calendar: Calendar) -> Period:
    return Period(start, max(start, min(end, whole_end)), whole_end, calendar.tz)


# What it is compared with.


def _shift_of(range_: Range, compare: str, calendar: Calendar, now: Instant) -> Shift | None:
    """How business dates are shifted, or None: the period moves by its own length in elapsed time."""
    if compare == "same_time_yesterday":
        return _days_earlier(1)
    if compare == "same_time_last_week":
        return _days_earlier(7)
    if compare == "same_period_last_year":
        return _days_earlier(364) if range_ in _OF_WEEKS else _months_earlier(12)
    if compare != "previous_period":
        raise ValueError(f"not a comparison: {compare}")
    if isinstance(range_, str) and range_ in _MONTHS_BACK:
        return _months_earlier(_MONTHS_BACK[range_])
    days = _days(range_, calendar, now)
    return _days_earlier((days.stop - days.first).days) if days else None


def _shifted_bounds(range_: Range, shift: Shift, calendar: Calendar, now: Instant) -> tuple[Instant, Instant]:
    days = _days(range_, calendar, now)
    if days:
        return _edges(calendar, days.shifted(shift))
    start, end = _bounds(range_, calendar, now)
    then, then_end = _same_time(calendar, start, shift), _same_time(calendar, end, shift)
    return then, then_end if then < then_end else then + end - start


def _same_time(calendar: Calendar, instant: Instant, shift: Shift) -> Instant:
    """The same time on the wall clock of the shifted business day, kept within that day."""
    day = calendar.business_date(instant)
    if instant == calendar.day_start(day):
        return calendar.day_start(shift(day))
    local = calendar.local(instant).replace(tzinfo=None)
    wall = datetime.combine(shift(day) + (local.date() - day), local.time())
    start, end = _edges(calendar, Days(shift(day), shift(day) + ONE_DAY))
    return min(max(calendar.at(wall), start), end)


def _days_earlier(count: int) -> Shift:
    return lambda day: day - timedelta(days=count)


def _months_earlier(count: int) -> Shift:
    return lambda day: _months_later(day, -count)


def _months_later(day: date, count: int) -> date:
    """The same day of another month, or that month's last."""
    year, month = divmod(day.year * 12 + day.month - 1 + count, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


# When time alone changes it.


def _range_moves(range_: Range, calendar: Calendar, now: Instant) -> Instant:
    if isinstance(range_, AbsoluteRange):
        return min((edge for edge in _bounds(range_, calendar, now) if edge > now), default=NEVER)
    return _bounds("today" if range_ == "yesterday" else range_, calendar, now)[1]
