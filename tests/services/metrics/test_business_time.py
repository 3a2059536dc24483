"""Business days, hours and labels tile time in every zone of the world (promise 7).

The oracle knows no calendar arithmetic: a business date is read off the furthest that the wall clock has come, so a
day turns when the clock first reaches its start or jumps over it, and never turns back.
"""

from __future__ import annotations

import random
from bisect import bisect_right
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import pairwise
from time import perf_counter
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.clock import DAY, HOUR, MINUTE, SECOND, to_instant
from services.errors import InvalidRequest
from services.metrics.business_time import Calendar, Cover

ZONES = sorted(available_timezones())
STARTS = ("00:00", "00:30", "01:30", "02:00", "02:30", "04:00", "12:15", "23:45")
FROM = to_instant(datetime(2019, 12, 25, tzinfo=UTC)) // SECOND
TO = to_instant(datetime(2036, 1, 7, tzinfo=UTC)) // SECOND
NAMED = (
    "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Antarctica/Troll", "Antarctica/Casey",
    "Africa/Cairo", "Asia/Beirut", "America/Santiago", "America/Havana", "Africa/Casablanca", "Europe/Dublin",
)  # fmt: skip


def at(text: str) -> int:
    return to_instant(datetime.fromisoformat(text))


# The oracle.


def offset_at(zone: ZoneInfo, second: int) -> int:
    return int(datetime.fromtimestamp(second, zone).utcoffset().total_seconds())


@cache
def changes(tz: str) -> tuple[tuple[int, int], ...]:
    """(second, offset from then on) of each change of offset; the first entry is where the search began."""
    zone, found = ZoneInfo(tz), [(FROM, offset_at(ZoneInfo(tz), FROM))]
    for start in range(FROM, TO, 5 * 86_400):
        low, high = start, start + 5 * 86_400
        if offset_at(zone, high) == found[-1][1]:
            continue
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if offset_at(zone, middle) == found[-1][1] else (low, middle)
        found.append((high, offset_at(zone, high)))
    return tuple(found)


def furthest_wall(tz: str, instant: int) -> int:
    """The furthest that the wall clock has come by the instant, in microseconds as if it were UTC."""
    table = changes(tz)
    index = bisect_right(table, (instant // SECOND, 10**9)) - 1
    walls = [instant + table[index][1] * SECOND]
    if index:
        walls.append(table[index][0] * SECOND - 1 + table[index - 1][1] * SECOND)
    return max(walls)


def expected_date(tz: str, starts: str, instant: int) -> date:
    hours, minutes = map(int, starts.split(":"))
    days = (furthest_wall(tz, instant) - hours * HOUR - minutes * MINUTE) // DAY
    return date(1970, 1, 1) + timedelta(days=days)


def is_edge_of_hour(tz: str, instant: int) -> bool:
    """A full hour on the wall clock, or a change of its offset."""
    second = instant // SECOND
    offset = offset_at(ZoneInfo(tz), second)
    return instant % SECOND == 0 and ((second + offset) % 3600 == 0 or offset != offset_at(ZoneInfo(tz), second - 1))


def distinct_zones() -> list[str]:
    """One zone for each different table of changes."""
    return list({changes(tz)[1:] + changes(tz)[:1]: tz for tz in ZONES}.values())


def transitions(tz: str) -> list[int]:
    return [second * SECOND for second, _ in changes(tz)[1:]]


def check_days(calendar: Calendar, around: date) -> None:
    tz, starts = calendar.tz, calendar.day_starts_at
    for day in (around + timedelta(days=shift) for shift in (-1, 0, 1)):
        start = calendar.day_start(day)
        assert expected_date(tz, starts, start) == day, (calendar, day)
        assert expected_date(tz, starts, start - 1) == day - timedelta(days=1), (calendar, day)
        for probe in (start - 1, start, start + 1, (start + calendar.day_start(day + timedelta(days=1))) // 2):
            assert calendar.business_date(probe) == expected_date(tz, starts, probe), (calendar, day, probe)


def check_hours(calendar: Calendar, around: int) -> None:
    hour = calendar.hour_start(around - 2 * HOUR)
    while hour < around + 2 * HOUR:
        after = calendar.next_hour(hour)
        assert hour < after <= hour + HOUR, (calendar, hour)
        assert is_edge_of_hour(calendar.tz, hour), (calendar, hour)
        first, last = calendar.local(hour), calendar.local(after - 1)
        assert (first.date(), first.hour, first.utcoffset()) == (last.date(), last.hour, last.utcoffset())
        assert {calendar.hour_start(probe) for probe in (hour, (hour + after) // 2, after - 1)} == {hour}
        assert calendar.hour_start(after) == after, (calendar, hour)
        hour = after


# Tiling.


def test_around_every_transition_of_every_zone_business_days_tile_time() -> None:
    for number, tz in enumerate(ZONES):
        calendar = Calendar(tz, STARTS[number % len(STARTS)])
        for instant in transitions(tz):
            check_days(calendar, calendar.local(instant).date())


@pytest.mark.parametrize("starts", STARTS)
def test_for_every_start_of_the_day_business_days_tile_time_around_every_different_transition(starts: str) -> None:
    for tz in distinct_zones():
        calendar = Calendar(tz, starts)
        for instant in transitions(tz):
            check_days(calendar, calendar.local(instant).date())


def test_on_random_dates_business_days_tile_time_in_every_zone() -> None:
    chance = random.Random(7)
    for tz in ZONES:
        calendar = Calendar(tz, f"{chance.randrange(24):02}:{chance.randrange(60):02}")
        for _ in range(10):
            check_days(calendar, date(2020, 1, 2) + timedelta(days=chance.randrange(16 * 365)))


def test_around_every_transition_hours_tile_time() -> None:
    for tz in distinct_zones():
        for instant in transitions(tz):
            check_hours(Calendar(tz, "02:30"), instant)


@pytest.mark.parametrize("tz", NAMED)
@pytest.mark.parametrize("starts", ["00:00", "01:30", "02:30", "04:00"])
def test_every_date_of_a_year_tiles(tz: str, starts: str) -> None:
    calendar = Calendar(tz, starts)
    for number in range(0, 366, 3):
        check_days(calendar, date(2026, 1, 1) + timedelta(days=number))


@pytest.mark.parametrize(
    ("tz", "day"),
    [
        ("Pacific/Apia", "2011-12-30"), ("America/Sao_Paulo", "2017-10-15"), ("America/Sao_Paulo", "2018-02-18"),
        ("Australia/Lord_Howe", "2026-04-05"), ("Antarctica/Troll", "2026-03-29"), ("Antarctica/Casey", "2020-10-04"),
        ("America/St_Johns", "2010-11-07"), ("Asia/Kathmandu", "1986-01-01"), ("Asia/Pyongyang", "2018-05-05"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("starts", ["00:00", "00:15", "02:30", "23:30"])
def test_a_walk_minute_by_minute_finds_the_same_days_and_hours(tz: str, day: str, starts: str) -> None:
    calendar, zone, back = Calendar(tz, starts), ZoneInfo(tz), timedelta(hours=int(starts[:2]), minutes=int(starts[3:]))
    noon = int(datetime.fromisoformat(day + "T12:00Z").timestamp())
    furthest, offset, hour, started = datetime(1, 1, 1), None, None, 0  # noqa: DTZ001  wall clock
    for second in range(noon - 3 * 86_400, noon + 3 * 86_400, 60):
        local = datetime.fromtimestamp(second, zone)
        wall = local.replace(tzinfo=None)
        if (local.utcoffset(), wall.hour) != (offset, hour):
            offset, hour, started = local.utcoffset(), wall.hour, second
        furthest = max(furthest, wall)
        assert calendar.business_date(second * SECOND) == (furthest - back).date(), wall
        if second > noon - 2 * 86_400:
            assert calendar.hour_start(second * SECOND) == started * SECOND, wall


# Covering.


@st.composite
def stretches(draw: st.DrawFn) -> tuple[Calendar, int, int]:
    """A stretch of up to 12 days, often near a transition and often with an end on a full quarter."""
    tz = draw(st.sampled_from([*NAMED, *ZONES]))
    calendar = Calendar(tz, draw(st.sampled_from([*STARTS, "01:00", "01:30"])))
    near = draw(st.sampled_from(transitions(tz) or [FROM * SECOND + 400 * DAY]))
    start = near + draw(st.integers(-3 * DAY, DAY))
    end = start + draw(st.one_of(st.integers(1, 2 * HOUR), st.integers(1, 12 * DAY)))
    grid = draw(st.sampled_from([1, MINUTE, 15 * MINUTE]))
    return calendar, start // grid * grid, end // grid * grid + grid


def pieces(calendar: Calendar, cover: Cover) -> list[tuple[int, int]]:
    days = [tuple(map(calendar.day_start, cover.days))] if cover.days else []
    return sorted([*days, *cover.hours, *cover.rest])


@settings(max_examples=400, deadline=None)
@given(stretches(), st.sampled_from(["day", "hour"]))
def test_cover_tiles_a_stretch_with_whole_days_and_segments(stretch: tuple[Calendar, int, int], finest: str) -> None:
    calendar, start, end = stretch
    cover = calendar.cover(start, end, finest=finest)
    tiles = pieces(calendar, cover)
    assert [tiles[0][0], tiles[-1][1]] == [start, end]
    assert all(low < high for low, high in tiles)
    assert all(left[1] == right[0] for left, right in pairwise(tiles))
    for edge in (edge for hours in cover.hours for edge in hours):
        turns = calendar.day_start(calendar.business_date(edge)) == edge
        assert turns or is_edge_of_hour(calendar.tz, edge)
    for low, high in cover.rest:
        assert high - low < HOUR or ((low, high) == (start, end) and high - low < 2 * HOUR)
    if cover.days is None and finest == "day":
        first = calendar.business_date(start - 1) + timedelta(days=1)
        assert calendar.day_start(first + timedelta(days=1)) > end
    assert finest == "day" or cover.days is None


def test_cover_of_a_day_cut_by_now_is_hours_and_a_rest() -> None:
    calendar = Calendar("Europe/Berlin", "02:30")
    cover = calendar.cover(at("2026-03-01T02:30+01:00"), at("2026-03-02T14:12:01+01:00"))
    assert cover == Cover(
        (date(2026, 3, 1), date(2026, 3, 2)),
        ((at("2026-03-02T02:30+01:00"), at("2026-03-02T14:00+01:00")),),
        ((at("2026-03-02T14:00+01:00"), at("2026-03-02T14:12:01+01:00")),),
    )


def test_cover_of_whole_days_is_days_alone_and_of_nothing_is_nothing() -> None:
    calendar = Calendar("America/New_York")
    start, end = at("2026-03-08T00:00-05:00"), at("2026-03-10T00:00-04:00")
    assert calendar.cover(start, end) == Cover((date(2026, 3, 8), date(2026, 3, 10)))
    assert calendar.cover(start, end, finest="hour") == Cover(None, ((start, end),))
    assert calendar.cover(end, start) == Cover()


# Examples with literal instants.


@pytest.mark.parametrize(
    ("tz", "starts", "day", "start"),
    [
        ("UTC", "00:00", "2026-03-01", "2026-03-01T00:00+00:00"),
        ("America/New_York", "02:30", "2026-03-08", "2026-03-08T03:00-04:00"),  # skipped: the next valid instant
        ("America/New_York", "01:30", "2026-11-01", "2026-11-01T01:30-04:00"),  # repeated: the first
        ("Australia/Lord_Howe", "02:15", "2026-10-04", "2026-10-04T02:30+11:00"),
        ("Australia/Lord_Howe", "01:45", "2026-04-05", "2026-04-05T01:45+11:00"),
        ("Antarctica/Troll", "02:30", "2026-03-29", "2026-03-29T03:00+02:00"),
        ("Africa/Cairo", "00:00", "2026-04-24", "2026-04-24T01:00+03:00"),
        ("Asia/Beirut", "00:00", "2026-03-29", "2026-03-29T01:00+03:00"),
        ("America/Santiago", "00:00", "2026-09-06", "2026-09-06T01:00-03:00"),
        ("America/Santiago", "23:30", "2026-04-04", "2026-04-04T23:30-03:00"),
        ("America/Sao_Paulo", "00:00", "2017-10-15", "2017-10-15T01:00-02:00"),
        ("Pacific/Apia", "00:00", "2011-12-30", "2011-12-31T00:00+14:00"),  # a date that never was
    ],
)
def test_a_business_day_starts(tz: str, starts: str, day: str, start: str) -> None:
    assert Calendar(tz, starts).day_start(date.fromisoformat(day)) == at(start)


@pytest.mark.parametrize(
    ("tz", "starts", "instant", "day"),
    [
        ("Europe/Berlin", "04:00", "2026-03-01T03:59:59.999999+01:00", "2026-02-28"),
        ("Europe/Berlin", "04:00", "2026-03-01T04:00+01:00", "2026-03-01"),
        ("America/New_York", "01:30", "2026-11-01T01:10-05:00", "2026-11-01"),  # the clock went back over the start
        ("America/Santiago", "23:30", "2026-04-04T23:10-04:00", "2026-04-04"),
        ("Pacific/Apia", "00:00", "2011-12-31T00:00+14:00", "2011-12-31"),
        ("Pacific/Apia", "00:00", "2011-12-29T23:59:59-10:00", "2011-12-29"),
    ],
)
def test_an_instant_lies_in_a_business_day(tz: str, starts: str, instant: str, day: str) -> None:
    assert Calendar(tz, starts).business_date(at(instant)).isoformat() == day


@pytest.mark.parametrize(
    ("tz", "day", "hours"),
    [
        ("America/New_York", "2026-03-08", 23), ("America/New_York", "2026-11-01", 25), ("UTC", "2026-03-08", 24),
        ("Australia/Lord_Howe", "2026-10-04", 23.5), ("Australia/Lord_Howe", "2026-04-05", 24.5),
        ("Antarctica/Troll", "2026-03-29", 22), ("Antarctica/Troll", "2026-10-25", 26),
        ("Antarctica/Casey", "2020-10-04", 21), ("Pacific/Apia", "2011-12-30", 0),
    ],
)  # fmt: skip
def test_a_business_day_is_as_long_as_the_difference_of_its_starts(tz: str, day: str, hours: float) -> None:
    calendar, first = Calendar(tz), date.fromisoformat(day)
    assert calendar.day_start(first + timedelta(days=1)) - calendar.day_start(first) == hours * HOUR


def test_a_repeated_hour_is_two_buckets() -> None:
    labels = Calendar("America/New_York").buckets("hour", at("2026-11-01T00:30-04:00"), at("2026-11-01T02:00:01-05:00"))
    assert labels == [
        "2026-11-01T00:00:00-04:00", "2026-11-01T01:00:00-04:00", "2026-11-01T01:00:00-05:00",
        "2026-11-01T02:00:00-05:00",
    ]  # fmt: skip


def test_a_repeated_half_hour_is_a_bucket_that_starts_at_the_change() -> None:
    labels = Calendar("Australia/Lord_Howe").buckets("hour", at("2026-04-05T01:00+11:00"), at("2026-04-05T03:00+10:30"))
    assert labels == ["2026-04-05T01:00:00+11:00", "2026-04-05T01:30:00+10:30", "2026-04-05T02:00:00+10:30"]


def test_labels_of_units_follow_the_business_day_but_the_hour_the_wall_clock() -> None:
    calendar, instant = Calendar("Europe/Berlin", "04:00"), at("2026-06-01T02:17:31.5+02:00")  # a Monday by the clock
    labels = {
        "minute": "2026-06-01T02:17:00+02:00", "hour": "2026-06-01T02:00:00+02:00", "day": "2026-05-31",
        "week": "2026-05-25", "month": "2026-05", "weekday": "Sun", "hour_of_day": "02",
    }  # fmt: skip
    assert {unit: calendar.label(unit, instant) for unit in labels} == labels
    with pytest.raises(ValueError, match="fortnight"):
        calendar.label("fortnight", instant)


def test_buckets_are_those_that_a_stretch_overlaps() -> None:
    calendar = Calendar("Europe/Berlin", "04:00")
    start, end = at("2026-05-29T03:59:30+02:00"), at("2026-06-01T04:00:01+02:00")
    assert calendar.buckets("day", start, end) == ["2026-05-28", "2026-05-29", "2026-05-30", "2026-05-31", "2026-06-01"]
    assert calendar.buckets("day", start, end - SECOND)[-1] == "2026-05-31"
    assert calendar.buckets("week", start, end) == ["2026-05-25", "2026-06-01"]
    assert calendar.buckets("month", start, end) == ["2026-05", "2026-06"]
    assert calendar.buckets("weekday", start, end) == ["Mon", "Thu", "Fri", "Sat", "Sun"]
    assert calendar.buckets("hour_of_day", start, end) == [f"{hour:02}" for hour in range(24)]
    assert calendar.buckets("hour_of_day", start, start + MINUTE) == ["03", "04"]
    assert calendar.buckets("minute", start, start + MINUTE) == [
        "2026-05-29T03:59:00+02:00",
        "2026-05-29T04:00:00+02:00",
    ]
    assert calendar.buckets("day", start, start) == []


@settings(max_examples=300, deadline=None)
@given(stretches(), st.sampled_from(["minute", "hour", "day", "week", "month", "weekday"]))
def test_a_bucket_ends_where_its_label_does(stretch: tuple[Calendar, int, int], unit: str) -> None:
    calendar, instant, _ = stretch
    end = calendar.bucket_end(unit, instant)
    assert calendar.label(unit, instant) == calendar.label(unit, end - 1) != calendar.label(unit, end)
    assert calendar.buckets(unit, instant, end) == [calendar.label(unit, instant)]
    assert len(calendar.buckets(unit, instant, end + 1)) == 2


def test_a_date_that_the_zone_skipped_is_no_bucket() -> None:
    labels = Calendar("Pacific/Apia").buckets("day", at("2011-12-29T12:00-10:00"), at("2011-12-31T12:00+14:00"))
    assert labels == ["2011-12-29", "2011-12-31"]


@pytest.mark.parametrize("tz", ["", "Mars/Phobos", "Europe", "../../etc/passwd", "EUROPE/berlin", "right/UTC"])
def test_an_unknown_zone_is_refused_by_name(tz: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        Calendar(tz)
    assert refused.value.pointer == "/tz"


@pytest.mark.parametrize("starts", ["", "4:00", "24:00", "04:60", "04:00:00", "04:00\n", "٠٤:٠٠"])
def test_a_start_that_is_no_time_is_refused(starts: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        Calendar("UTC", starts)
    assert refused.value.pointer == "/day_starts_at"


def test_equal_calendars_are_one_key() -> None:
    assert len({Calendar("UTC", "04:00"), Calendar("UTC", "04:00"), Calendar("UTC")}) == 2


def test_asking_again_for_the_same_minute_is_cheap() -> None:
    calendar, instant = Calendar("America/New_York", "04:00"), at("2026-03-01T12:30-05:00")
    best = min(_microseconds_each(calendar, instant) for _ in range(5))
    assert best < 3  # well under 1 on an idle core


def _microseconds_each(calendar: Calendar, instant: int) -> float:
    began = perf_counter()
    for _ in range(10_000):
        calendar.business_date(instant)
        calendar.hour_start(instant)
    return (perf_counter() - began) / 20_000 * 1e6
