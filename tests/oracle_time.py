"""Business time as a naive recount sees it: minute by minute along the wall clock, nothing but zoneinfo."""

from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

TIME_UNITS = ("minute", "hour", "day", "week", "month", "weekday", "hour_of_day")
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def bucket_ends(units, start, end, site):
    """{a label for each unit: the end of its last minute in the period}, in order, minute by minute."""
    minute = start.astimezone(UTC).replace(second=0, microsecond=0)
    return _bucket_ends(tuple(units), minute, end, site["tz"], site["day_starts_at"]) if start < end else {}


@lru_cache(maxsize=2_000)
def _bucket_ends(units, minute, end, tz, turn):
    ends = {}
    while minute < end:
        labels = tuple(_label(unit, minute, tz, turn) for unit in units)
        minute += MINUTE
        ends[labels] = min(minute, end)
    return ends


def label(unit, at, site):
    return _label(unit, at.astimezone(UTC).replace(second=0, microsecond=0), site["tz"], site["day_starts_at"])


@lru_cache(maxsize=400_000)
def _label(unit, minute, tz, turn):
    local = minute.astimezone(ZoneInfo(tz))
    if unit == "minute":
        return local.isoformat()
    if unit == "hour":
        return hour_start(minute, tz).astimezone(ZoneInfo(tz)).isoformat()
    if unit == "hour_of_day":
        return f"{local:%H}"
    day = business_date(minute, tz, turn)
    if unit == "week":
        return (day - day.weekday() * DAY).isoformat()
    return {"day": day.isoformat(), "month": f"{day:%Y-%m}", "weekday": f"{day:%a}"}[unit]


@lru_cache(maxsize=100_000)
def hour_start(minute, tz):
    """The first minute of the wall clock's hour, or of what is left of it after the offset changed within it."""
    before = minute - MINUTE
    return hour_start(before, tz) if _wall_hour(before, tz) == _wall_hour(minute, tz) else minute


def _wall_hour(minute, tz):
    local = minute.astimezone(ZoneInfo(tz))
    return local.replace(minute=0, tzinfo=None, fold=0), local.utcoffset()


def business_date(at, tz, turn):
    near = at.astimezone(ZoneInfo(tz)).date()
    return next(day for day in (near + DAY, near, near - DAY) if day_start(day, tz, turn) <= at)


@lru_cache(maxsize=10_000)
def day_start(day, tz, turn):
    """The first instant whose wall clock shows the start of that business day, or the next one that exists."""
    wall, zone = datetime.combine(day, time.fromisoformat(turn)), ZoneInfo(tz)
    while (at := wall.replace(tzinfo=zone).astimezone(UTC)).astimezone(zone).replace(tzinfo=None) != wall:
        wall += MINUTE
    return at
