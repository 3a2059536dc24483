"""Which period a range names and which one it is compared with, by literal instants, and what holds for all of them."""

from __future__ import annotations

from datetime import datetime
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.clock import DAY, HOUR, to_instant
from services.metrics.answer import Period
from services.metrics.business_time import Calendar
from services.metrics.query import AbsoluteRange, Compare, NamedRange
from services.metrics.ranges import NEVER, compared, next_turn, resolve

BERLIN = Calendar("Europe/Berlin", "04:00")
NEW_YORK = Calendar("America/New_York")
LORD_HOWE = Calendar("Australia/Lord_Howe")
PLAIN = Calendar("UTC")

RANGES = get_args(NamedRange)
COMPARISONS = get_args(Compare)


def at(text: str) -> int:
    return to_instant(datetime.fromisoformat(text))


def between(start: str, end: str) -> AbsoluteRange:
    return AbsoluteRange.model_validate({"from": datetime.fromisoformat(start), "to": datetime.fromisoformat(end)})


def told(calendar: Calendar, period: Period) -> tuple[str, str, str]:
    """Start, end and whole end on the wall clock; an end that counts `now` in shows its last microsecond."""
    assert period.zone == calendar.tz
    moments = (period.start, period.end, period.whole_end)
    return tuple(calendar.local(moment).isoformat() for moment in moments)  # type: ignore[return-value]


# What a range names.


@pytest.mark.parametrize(
    ("range_", "start", "whole_end"),
    [
        ("today", "2026-06-10T04:00+02:00", "2026-06-11T04:00+02:00"),
        ("yesterday", "2026-06-09T04:00+02:00", "2026-06-10T04:00+02:00"),
        ("last_60_minutes", "2026-06-10T13:35+02:00", "2026-06-10T14:35+02:00"),
        ("last_24_hours", "2026-06-09T15:00+02:00", "2026-06-10T15:00+02:00"),
        ("last_7_days", "2026-06-04T04:00+02:00", "2026-06-11T04:00+02:00"),
        ("last_30_days", "2026-05-12T04:00+02:00", "2026-06-11T04:00+02:00"),
        ("last_90_days", "2026-03-13T04:00+01:00", "2026-06-11T04:00+02:00"),
        ("last_8_weeks", "2026-04-16T04:00+02:00", "2026-06-11T04:00+02:00"),
        ("this_week", "2026-06-08T04:00+02:00", "2026-06-15T04:00+02:00"),
        ("this_month", "2026-06-01T04:00+02:00", "2026-07-01T04:00+02:00"),
        ("this_year", "2026-01-01T04:00+01:00", "2027-01-01T04:00+01:00"),
        ("last_12_months", "2025-07-01T04:00+02:00", "2026-07-01T04:00+02:00"),
    ],
)
def test_a_range_names_whole_business_time_cut_just_after_now(range_: str, start: str, whole_end: str) -> None:
    now = at("2026-06-10T14:34:56.789+02:00")  # a Wednesday
    end = at(whole_end) if range_ == "yesterday" else now + 1
    assert resolve(range_, BERLIN, now) == Period(at(start), end, at(whole_end), "Europe/Berlin")


def test_before_the_day_turns_today_is_still_the_business_day_before() -> None:
    now = at("2026-06-01T03:59:59.999999+02:00")
    period = resolve("today", BERLIN, now)
    assert told(BERLIN, period) == (
        "2026-05-31T04:00:00+02:00", "2026-06-01T04:00:00+02:00", "2026-06-01T04:00:00+02:00",
    )  # fmt: skip
    assert resolve("this_month", BERLIN, now).start == at("2026-05-01T04:00+02:00")
    assert resolve("this_week", BERLIN, now).start == at("2026-05-25T04:00+02:00")


def test_at_the_turn_itself_today_has_its_first_microsecond() -> None:
    now = at("2026-06-01T04:00+02:00")
    assert resolve("today", BERLIN, now) == Period(now, now + 1, at("2026-06-02T04:00+02:00"), "Europe/Berlin")
    assert resolve("last_60_minutes", BERLIN, now).start == at("2026-06-01T03:01+02:00")
    assert resolve("last_24_hours", BERLIN, now).start == at("2026-05-31T05:00+02:00")
    assert resolve("this_week", BERLIN, now).start == now  # 1 June 2026 is a Monday
    assert resolve("this_month", BERLIN, now).start == now


@pytest.mark.parametrize(
    ("calendar", "now", "start", "whole_end"),
    [
        (NEW_YORK, "2026-03-08T12:00-04:00", "2026-03-08T00:00-05:00", "2026-03-09T00:00-04:00"),
        (NEW_YORK, "2026-11-01T12:00-05:00", "2026-11-01T00:00-04:00", "2026-11-02T00:00-05:00"),
        (LORD_HOWE, "2026-04-05T12:00+10:30", "2026-04-05T00:00+11:00", "2026-04-06T00:00+10:30"),
    ],
)
def test_today_on_the_day_of_a_clock_change(calendar: Calendar, now: str, start: str, whole_end: str) -> None:
    assert resolve("today", calendar, at(now)) == Period(at(start), at(now) + 1, at(whole_end), calendar.tz)


@pytest.mark.parametrize(
    ("calendar", "now", "start"),
    [
        (NEW_YORK, "2026-03-08T12:10-04:00", "2026-03-07T12:00-05:00"),
        (NEW_YORK, "2026-11-01T12:10-05:00", "2026-10-31T14:00-04:00"),
        (LORD_HOWE, "2026-04-05T12:10+10:30", "2026-04-04T14:00+11:00"),  # 24 buckets, of which one is half an hour
    ],
)
def test_the_last_24_hours_are_24_buckets_across_a_clock_change(calendar: Calendar, now: str, start: str) -> None:
    period = resolve("last_24_hours", calendar, at(now))
    assert period.start == at(start)
    assert len(calendar.buckets("hour", period.start, period.end)) == 24


def test_the_last_60_minutes_are_an_hour_across_a_clock_change() -> None:
    period = resolve("last_60_minutes", NEW_YORK, at("2026-03-08T03:10:30-04:00"))
    assert told(NEW_YORK, period) == (
        "2026-03-08T01:11:00-05:00", "2026-03-08T03:10:30.000001-04:00", "2026-03-08T03:11:00-04:00",
    )  # fmt: skip


def test_february_and_the_year_of_a_leap_day() -> None:
    now = at("2024-02-29T12:00Z")
    assert resolve("this_month", PLAIN, now).whole_end == at("2024-03-01T00:00Z")
    assert resolve("last_12_months", PLAIN, now).start == at("2023-03-01T00:00Z")
    assert resolve("this_year", PLAIN, now).whole_end - resolve("this_year", PLAIN, now).start == 366 * DAY


def test_an_absolute_range_is_cut_at_now_and_empty_before_its_time() -> None:
    range_ = between("2026-06-10T09:00+02:00", "2026-06-10T17:00+02:00")
    start, end = at("2026-06-10T09:00+02:00"), at("2026-06-10T17:00+02:00")
    assert resolve(range_, BERLIN, end + DAY) == Period(start, end, end, "Europe/Berlin")
    assert resolve(range_, BERLIN, start + HOUR) == Period(start, start + HOUR + 1, end, "Europe/Berlin")
    assert resolve(range_, BERLIN, start) == Period(start, start + 1, end, "Europe/Berlin")
    assert resolve(range_, BERLIN, start - 1) == Period(start, start, end, "Europe/Berlin")


def test_a_range_or_comparison_that_does_not_exist_is_loud() -> None:
    with pytest.raises(ValueError, match="last_fortnight"):
        resolve("last_fortnight", PLAIN, 0)
    with pytest.raises(ValueError, match="next_year"):
        compared("today", "next_year", PLAIN, 0)


# What it is compared with.

PREVIOUS = "previous_period"
YESTERDAY = "same_time_yesterday"
LAST_WEEK = "same_time_last_week"
LAST_YEAR = "same_period_last_year"


@pytest.mark.parametrize(
    ("range_", "compare", "start", "end", "whole_end"),
    [
        ("today", PREVIOUS, "2026-06-09T04:00+02:00", "2026-06-09T14:34+02:00", "2026-06-10T04:00+02:00"),
        ("today", YESTERDAY, "2026-06-09T04:00+02:00", "2026-06-09T14:34+02:00", "2026-06-10T04:00+02:00"),
        ("today", LAST_WEEK, "2026-06-03T04:00+02:00", "2026-06-03T14:34+02:00", "2026-06-04T04:00+02:00"),
        ("today", LAST_YEAR, "2025-06-10T04:00+02:00", "2025-06-10T14:34+02:00", "2025-06-11T04:00+02:00"),
        ("yesterday", PREVIOUS, "2026-06-08T04:00+02:00", None, "2026-06-09T04:00+02:00"),
        ("yesterday", YESTERDAY, "2026-06-08T04:00+02:00", None, "2026-06-09T04:00+02:00"),
        ("yesterday", LAST_WEEK, "2026-06-02T04:00+02:00", None, "2026-06-03T04:00+02:00"),
        ("yesterday", LAST_YEAR, "2025-06-09T04:00+02:00", None, "2025-06-10T04:00+02:00"),
        ("last_60_minutes", PREVIOUS, "2026-06-10T12:35+02:00", "2026-06-10T13:34+02:00", "2026-06-10T13:35+02:00"),
        ("last_60_minutes", YESTERDAY, "2026-06-09T13:35+02:00", "2026-06-09T14:34+02:00", "2026-06-09T14:35+02:00"),
        ("last_60_minutes", LAST_WEEK, "2026-06-03T13:35+02:00", "2026-06-03T14:34+02:00", "2026-06-03T14:35+02:00"),
        ("last_60_minutes", LAST_YEAR, "2025-06-10T13:35+02:00", "2025-06-10T14:34+02:00", "2025-06-10T14:35+02:00"),
        ("last_24_hours", PREVIOUS, "2026-06-08T15:00+02:00", "2026-06-09T14:34+02:00", "2026-06-09T15:00+02:00"),
        ("last_24_hours", YESTERDAY, "2026-06-08T15:00+02:00", "2026-06-09T14:34+02:00", "2026-06-09T15:00+02:00"),
        ("last_24_hours", LAST_WEEK, "2026-06-02T15:00+02:00", "2026-06-03T14:34+02:00", "2026-06-03T15:00+02:00"),
        ("last_24_hours", LAST_YEAR, "2025-06-09T15:00+02:00", "2025-06-10T14:34+02:00", "2025-06-10T15:00+02:00"),
        ("last_7_days", PREVIOUS, "2026-05-28T04:00+02:00", "2026-06-03T14:34+02:00", "2026-06-04T04:00+02:00"),
        ("last_7_days", YESTERDAY, "2026-06-03T04:00+02:00", "2026-06-09T14:34+02:00", "2026-06-10T04:00+02:00"),
        ("last_7_days", LAST_YEAR, "2025-06-04T04:00+02:00", "2025-06-10T14:34+02:00", "2025-06-11T04:00+02:00"),
        ("last_30_days", PREVIOUS, "2026-04-12T04:00+02:00", "2026-05-11T14:34+02:00", "2026-05-12T04:00+02:00"),
        ("last_90_days", PREVIOUS, "2025-12-13T04:00+01:00", "2026-03-12T14:34+01:00", "2026-03-13T04:00+01:00"),
        ("last_8_weeks", PREVIOUS, "2026-02-19T04:00+01:00", "2026-04-15T14:34+02:00", "2026-04-16T04:00+02:00"),
        ("last_8_weeks", LAST_YEAR, "2025-04-17T04:00+02:00", "2025-06-11T14:34+02:00", "2025-06-12T04:00+02:00"),
        ("this_week", PREVIOUS, "2026-06-01T04:00+02:00", "2026-06-03T14:34+02:00", "2026-06-08T04:00+02:00"),
        ("this_week", YESTERDAY, "2026-06-07T04:00+02:00", "2026-06-09T14:34+02:00", "2026-06-14T04:00+02:00"),
        ("this_week", LAST_YEAR, "2025-06-09T04:00+02:00", "2025-06-11T14:34+02:00", "2025-06-16T04:00+02:00"),
        ("this_month", PREVIOUS, "2026-05-01T04:00+02:00", "2026-05-10T14:34+02:00", "2026-06-01T04:00+02:00"),
        ("this_month", LAST_WEEK, "2026-05-25T04:00+02:00", "2026-06-03T14:34+02:00", "2026-06-24T04:00+02:00"),
        ("this_month", LAST_YEAR, "2025-06-01T04:00+02:00", "2025-06-10T14:34+02:00", "2025-07-01T04:00+02:00"),
        ("this_year", PREVIOUS, "2025-01-01T04:00+01:00", "2025-06-10T14:34+02:00", "2026-01-01T04:00+01:00"),
        ("this_year", LAST_YEAR, "2025-01-01T04:00+01:00", "2025-06-10T14:34+02:00", "2026-01-01T04:00+01:00"),
        ("last_12_months", PREVIOUS, "2024-07-01T04:00+02:00", "2025-06-10T14:34+02:00", "2025-07-01T04:00+02:00"),
        ("last_12_months", LAST_YEAR, "2024-07-01T04:00+02:00", "2025-06-10T14:34+02:00", "2025-07-01T04:00+02:00"),
    ],
)
def test_a_range_is_compared_with(range_: str, compare: str, start: str, end: str | None, whole_end: str) -> None:
    period = compared(range_, compare, BERLIN, at("2026-06-10T14:34+02:00"))
    last = at(whole_end) if end is None else at(end) + 1
    assert period == Period(at(start), last, at(whole_end), "Europe/Berlin")


@pytest.mark.parametrize(
    ("range_", "compare", "now", "start", "end", "whole_end"),
    [
        # The 31st has no counterpart in February: its last day stands in, at the same time.
        ("this_month", PREVIOUS, "2026-03-31T15:00", "2026-02-01", "2026-02-28T15:00", "2026-03-01"),
        ("this_month", PREVIOUS, "2026-03-29T15:00", "2026-02-01", "2026-02-28T15:00", "2026-03-01"),
        ("this_month", PREVIOUS, "2024-03-31T15:00", "2024-02-01", "2024-02-29T15:00", "2024-03-01"),
        ("this_month", PREVIOUS, "2026-01-31T15:00", "2025-12-01", "2025-12-31T15:00", "2026-01-01"),
        ("this_month", LAST_YEAR, "2025-02-28T15:00", "2024-02-01", "2024-02-28T15:00", "2024-03-01"),
        ("this_month", LAST_YEAR, "2024-02-29T15:00", "2023-02-01", "2023-02-28T15:00", "2023-03-01"),
        ("this_year", PREVIOUS, "2024-02-29T15:00", "2023-01-01", "2023-02-28T15:00", "2024-01-01"),
        ("today", LAST_YEAR, "2024-02-29T15:00", "2023-02-28", "2023-02-28T15:00", "2023-03-01"),
        ("today", LAST_YEAR, "2024-02-28T15:00", "2023-02-28", "2023-02-28T15:00", "2023-03-01"),
        ("today", LAST_YEAR, "2025-02-28T15:00", "2024-02-28", "2024-02-28T15:00", "2024-02-29"),
        ("last_7_days", LAST_YEAR, "2024-03-02T15:00", "2023-02-25", "2023-03-02T15:00", "2023-03-03"),
        ("last_8_weeks", LAST_YEAR, "2024-03-02T15:00", "2023-01-08", "2023-03-04T15:00", "2023-03-05"),
        ("last_12_months", PREVIOUS, "2024-02-29T15:00", "2022-03-01", "2023-02-28T15:00", "2023-03-01"),
    ],
)
def test_months_and_leap_years_are_clamped(
    range_: str, compare: str, now: str, start: str, end: str, whole_end: str
) -> None:
    period = compared(range_, compare, PLAIN, at(now + "Z"))
    assert period == Period(at(start + "T00:00Z"), at(end + "Z") + 1, at(whole_end + "T00:00Z"), "UTC")


def test_after_midnight_the_business_date_is_clamped_and_the_clock_stays() -> None:
    period = compared("this_month", PREVIOUS, BERLIN, at("2026-04-01T02:00+02:00"))  # still 31 March
    assert told(BERLIN, period) == (
        "2026-02-01T04:00:00+01:00", "2026-03-01T02:00:00.000001+01:00", "2026-03-01T04:00:00+01:00",
    )  # fmt: skip


@pytest.mark.parametrize("compare", [PREVIOUS, YESTERDAY, LAST_WEEK, LAST_YEAR])
def test_at_the_very_start_of_the_day_one_microsecond_is_compared(compare: str) -> None:
    period = compared("today", compare, BERLIN, at("2026-06-10T04:00+02:00"))
    assert period.end - period.start == 1


@pytest.mark.parametrize(
    ("calendar", "now", "start", "end"),
    [
        # The day after the clock went forward: half past two was skipped yesterday, so three stands in.
        (NEW_YORK, "2026-03-09T02:30-04:00", "2026-03-08T00:00-05:00", "2026-03-08T03:00-04:00"),
        (NEW_YORK, "2026-03-08T12:00-04:00", "2026-03-07T00:00-05:00", "2026-03-07T12:00-05:00"),
        # The day after it went back: the first half past one.
        (NEW_YORK, "2026-11-02T01:30-05:00", "2026-11-01T00:00-04:00", "2026-11-01T01:30-04:00"),
        (NEW_YORK, "2026-11-01T01:30-05:00", "2026-10-31T00:00-04:00", "2026-10-31T01:30-04:00"),
        (LORD_HOWE, "2026-10-05T02:15+11:00", "2026-10-04T00:00+10:30", "2026-10-04T02:30+11:00"),
        # Starts that a change moves are day starts all the same.
        (Calendar("America/New_York", "02:30"), "2026-03-08T03:00-04:00", "2026-03-07T02:30-05:00", None),
        (Calendar("America/New_York", "02:30"), "2026-03-09T02:40-04:00", "2026-03-08T03:00-04:00", None),
        (Calendar("America/New_York", "01:30"), "2026-11-01T01:10-05:00", "2026-10-31T01:30-04:00", None),
    ],
)
def test_today_is_compared_up_to_the_same_wall_clock_time(
    calendar: Calendar, now: str, start: str, end: str | None
) -> None:
    period = compared("today", PREVIOUS, calendar, at(now))
    assert (period.start, period.end) == (at(start), at(end or start) + 1)


def test_a_shifted_period_of_days_across_a_clock_change_stays_made_of_days() -> None:
    period = compared("last_7_days", PREVIOUS, NEW_YORK, at("2026-03-14T23:00-04:00"))  # Sunday the 8th to Saturday
    assert told(NEW_YORK, period) == (
        "2026-03-01T00:00:00-05:00", "2026-03-07T23:00:00.000001-05:00", "2026-03-08T00:00:00-05:00",
    )  # fmt: skip


def test_an_absolute_range_of_whole_business_days_moves_by_days() -> None:
    range_ = between("2026-03-23T04:00+01:00", "2026-03-30T04:00+02:00")
    now = at("2026-04-10T12:00+02:00")
    whole = at("2026-03-16T04:00+01:00"), at("2026-03-23T04:00+01:00"), at("2026-03-23T04:00+01:00")
    assert compared(range_, PREVIOUS, BERLIN, now) == Period(*whole, "Europe/Berlin")
    open_ = compared(range_, PREVIOUS, BERLIN, at("2026-03-29T12:00+02:00"))
    assert open_.end == at("2026-03-22T12:00+01:00") + 1


def test_any_other_absolute_range_moves_by_its_length_or_on_the_wall_clock() -> None:
    range_, now = between("2026-03-29T01:00+01:00", "2026-03-29T12:00+02:00"), at("2026-03-29T11:00+02:00")  # 10 hours
    assert told(BERLIN, compared(range_, PREVIOUS, BERLIN, now)) == (
        "2026-03-28T15:00:00+01:00", "2026-03-29T00:00:00.000001+01:00", "2026-03-29T01:00:00+01:00",
    )  # fmt: skip
    assert told(BERLIN, compared(range_, YESTERDAY, BERLIN, now)) == (
        "2026-03-28T01:00:00+01:00", "2026-03-28T11:00:00.000001+01:00", "2026-03-28T12:00:00+01:00",
    )  # fmt: skip
    assert told(BERLIN, compared(range_, LAST_YEAR, BERLIN, now)) == (
        "2025-03-29T01:00:00+01:00", "2025-03-29T11:00:00.000001+01:00", "2025-03-29T12:00:00+01:00",
    )  # fmt: skip


def test_a_range_that_would_close_up_keeps_its_length() -> None:
    range_ = between("2024-02-28T12:00Z", "2024-02-29T12:00Z")
    period = compared(range_, LAST_YEAR, PLAIN, at("2024-06-01T00:00Z"))
    assert period == Period(at("2023-02-28T12:00Z"), at("2023-03-01T12:00Z"), at("2023-03-01T12:00Z"), "UTC")


@pytest.mark.parametrize("compare", COMPARISONS)
def test_before_an_absolute_range_there_is_nothing_to_compare(compare: str) -> None:
    for range_ in (
        between("2026-06-10T00:00Z", "2026-06-12T00:00Z"),
        between("2026-06-10T09:30Z", "2026-06-12T00:00Z"),
    ):
        period = compared(range_, compare, PLAIN, at("2026-06-09T23:59Z"))
        assert period.start == period.end < period.whole_end


# What holds for all of them.

moments = st.integers(at("2019-12-28T00:00Z"), at("2035-12-31T00:00Z"))
calendars = st.builds(
    Calendar,
    st.sampled_from(["UTC", "America/New_York", "Australia/Lord_Howe", "Antarctica/Troll", "Africa/Cairo"]),
    st.sampled_from(["00:00", "01:30", "02:30", "04:00", "23:45"]),
)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(RANGES), calendars, moments)
def test_a_named_range_ends_with_now_and_holds_it(range_: str, calendar: Calendar, now: int) -> None:
    period = resolve(range_, calendar, now)
    assert period.start < period.end <= period.whole_end
    assert period.end == (period.whole_end if range_ == "yesterday" else now + 1)


@settings(max_examples=600, deadline=None)
@given(st.sampled_from(RANGES), st.sampled_from(COMPARISONS), calendars, moments)
def test_what_is_compared_is_earlier_and_of_the_same_elapsed_part(
    range_: str, compare: str, calendar: Calendar, now: int
) -> None:
    period, earlier = resolve(range_, calendar, now), compared(range_, compare, calendar, now)
    assert earlier.start <= earlier.end <= earlier.whole_end
    assert earlier.start < period.start
    assert earlier.end < now
    elapsed, elapsed_then = period.end - period.start, earlier.end - earlier.start
    # A clock change in either takes or gives up to two hours; a clamped month three days, a leap day or year one.
    calendar_days = 3 * DAY if range_ in ("this_month", "this_year", "last_12_months") else 0
    leap_day = DAY if compare == LAST_YEAR else 0
    assert abs(elapsed - elapsed_then) <= 4 * HOUR + calendar_days + leap_day


# When time alone changes it.


@pytest.mark.parametrize(
    ("range_", "group_by", "turn"),
    [
        ("today", (), "2026-06-11T04:00+02:00"),
        ("today", ("staff",), "2026-06-11T04:00+02:00"),
        ("today", ("hour",), "2026-06-10T15:00+02:00"),
        ("today", ("channel", "hour_of_day"), "2026-06-10T15:00+02:00"),
        ("today", ("minute",), "2026-06-10T14:35+02:00"),
        ("yesterday", ("hour",), "2026-06-11T04:00+02:00"),
        ("last_60_minutes", (), "2026-06-10T14:35+02:00"),
        ("last_24_hours", (), "2026-06-10T15:00+02:00"),
        ("last_7_days", ("week",), "2026-06-11T04:00+02:00"),
        ("last_8_weeks", ("weekday", "hour_of_day"), "2026-06-10T15:00+02:00"),
        ("this_week", (), "2026-06-15T04:00+02:00"),
        ("this_week", ("day",), "2026-06-11T04:00+02:00"),
        ("this_month", (), "2026-07-01T04:00+02:00"),
        ("this_year", (), "2027-01-01T04:00+01:00"),
        ("last_12_months", (), "2026-07-01T04:00+02:00"),
    ],
)
def test_the_next_turn_of(range_: str, group_by: tuple[str, ...], turn: str) -> None:
    now = at("2026-06-10T14:34:56+02:00")
    assert next_turn(range_, group_by, BERLIN, now) == at(turn)
    assert next_turn(range_, group_by, BERLIN, at(turn)) > at(turn)


def test_an_open_period_that_is_compared_turns_by_the_minute() -> None:
    now = at("2026-06-10T14:34:56+02:00")
    assert next_turn("today", (), BERLIN, now, PREVIOUS) == at("2026-06-10T14:35+02:00")
    assert next_turn("yesterday", (), BERLIN, now, PREVIOUS) == at("2026-06-11T04:00+02:00")


def test_an_absolute_range_turns_as_it_begins_and_ends_and_never_after() -> None:
    range_, start, end = (
        between("2026-06-10T09:00Z", "2026-06-10T17:00Z"),
        at("2026-06-10T09:00Z"),
        at("2026-06-10T17:00Z"),
    )
    assert next_turn(range_, ("hour",), PLAIN, start - 1) == start
    assert next_turn(range_, ("hour",), PLAIN, start) == start + HOUR
    assert next_turn(range_, (), PLAIN, start) == end
    assert next_turn(range_, ("hour",), PLAIN, end) == NEVER


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(RANGES), calendars, moments)
def test_until_the_next_turn_the_range_stays(range_: str, calendar: Calendar, now: int) -> None:
    turn, period = next_turn(range_, (), calendar, now), resolve(range_, calendar, now)
    assert turn > now
    before, after = resolve(range_, calendar, turn - 1), resolve(range_, calendar, turn)
    assert (before.start, before.whole_end) == (period.start, period.whole_end)
    assert (after.start, after.whole_end) != (period.start, period.whole_end)
