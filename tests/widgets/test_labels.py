"""What labels say on the screen."""

from __future__ import annotations

import pytest

from services.metrics.query import Query
from widgets import labels


@pytest.mark.parametrize(
    ("dimension", "label", "expected"),
    [
        ("hour", "2015-06-01T09:00:00-04:00", "09:00"),
        ("minute", "2015-06-01T09:07:00-04:00", "09:07"),
        ("hour_of_day", "07", "07:00"),
        ("day", "2015-06-01", "Mon 1 Jun"),
        ("week", "2015-06-01", "1 Jun"),
        ("month", "2015-06", "Jun 2015"),
        ("weekday", "Mon", "Mon"),
        ("channel", "dine_in", "Dine in"),
        ("channel", None, "No channel"),
        ("staff", "7", "Mia"),
        ("staff", "8", "8"),
        ("staff", None, "No staff"),
        ("product", "dine_in", "dine_in"),
    ],
)
def test_display_speaks_to_people(dimension: str, label: str | None, expected: str) -> None:
    assert labels.display(dimension, label, {"7": "Mia"}) == expected


def test_an_hour_that_starts_late_ends_with_its_hour() -> None:
    assert labels.span("hour", "2015-06-01T09:00:00-04:00") == "Mon 1 Jun, 09:00 – 09:59"


def test_a_comparison_is_named_by_range_and_kind() -> None:
    assert labels.compared(Query(metric="orders", compare="previous_period")) == "yesterday by now"
    assert labels.compared(Query(metric="orders", compare="same_time_last_week")) == "last week, same time"
    assert labels.compared(Query(metric="orders")) == ""
