"""Business time as a naive recount sees it: minute by minute along the wall clock, nothing but zoneinfo."""

from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

TIME_UNITS = ("minute", "hour", "day", "week", "month", "weekday", "hour_of_day")
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def minutes(start, end):
    """Every minute of the clock that overlaps [start, end)."""
    minute = start.astimezone(UTC).replace(second=0, microsecond=0)
    while minute < end:
        yield minute
        minute += MINUTE


def label(unit, at, site):
    return _label(unit, at.astimezone(UTC).replace(second=0, microsecond=0), site["tz"], site["day_starts_at"])


@lru_cache(maxsize=400_000)
def _label(unit, minute, tz, turn):
    local = minute.astimezone(ZoneInfo(tz))
    if unit == "minute":
        return local.isoformat()
    if unit == "hour":  # named by its first minute: the full hour, or where the offset changed within it
        while _wall_hour(minute - MINUTE, tz) == _wall_hour(minute, tz):
            minute -= MINUTE
        return minute.astimezone(ZoneInfo(tz)).isoformat()
    if unit == "hour_of_day":
        return f"{local:%H}"
    day = business_date(minute, tz, turn)
    if unit == "week":
        return (day - day.weekday() * DAY).isoformat()
    return {"day": day.isoformat(), "month": f"{day:%Y-%m}", "weekday": f"{day:%a}"}[unit]


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
