"""What labels of groups say on the screen: `09:00` for an hour, `Mon 1 Jun` for a day, a name for a staff id."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from services.metrics.answer import Answer, Label
from services.metrics.catalogue import BY_NAME, TIME_UNITS
from services.metrics.query import Query

OTHER = "Other"

MISSING = {
    "staff": "No staff", "channel": "No channel", "payment_method": "Not paid yet", "customer_type": "Unknown",
    "category": "No category", "product": "No product",
}  # fmt: skip

TITLES = {
    "minute": "Minute", "hour": "Hour", "day": "Day", "week": "Week", "month": "Month", "weekday": "Weekday",
    "hour_of_day": "Hour of day", "staff": "Staff", "customer_type": "Customer", "order_size": "Order size",
    "channel": "Channel", "payment_method": "Payment", "product": "Product", "category": "Category",
    "action_type": "Action", "severity": "Severity",
}  # fmt: skip

_SHORT = {
    "average_order_value": "Avg. order", "items_per_order": "Items / order", "cancellation_rate": "Cancelled",
    "payment_success_rate": "Success", "payment_failures": "Failures", "returning_customers": "Returning",
    "new_customers": "New", "staff_actions": "Actions", "customer_actions": "Actions", "system_events": "Events",
}  # fmt: skip
"""Titles that fit the head of a column."""

_WORDED = {"customer_type", "order_size", "channel", "payment_method", "action_type", "severity"}


def metric_title(metric: str) -> str:
    return BY_NAME[metric].title


def column_title(metric: str) -> str:
    return _SHORT.get(metric, metric_title(metric))


def display(dimension: str, label: Label, names: Mapping[str, str]) -> str:
    """A label of `dimension` as people read it."""
    if label is None:
        return MISSING.get(dimension, "Unknown")
    if dimension in TIME_UNITS:
        return _moment(dimension, label)
    if dimension in _WORDED:
        return label.replace("_", " ").capitalize()
    return names.get(label, label)


def displays(answer: Answer, axis: int = 0) -> list[str]:
    """The labels of one axis of an answer, in order, as people read them."""
    dimension = answer.group_by[axis]
    return [display(dimension, label, answer.names) for label in answer.axes[axis]]


def span(dimension: str, label: str) -> str:
    """The stretch of time that a bucket stands for, for tooltips: `09:00 – 09:59`, `week of 1 Jun`."""
    if dimension == "hour":
        moment = datetime.fromisoformat(label)
        return f"{_weekday_day(moment.date())}, {moment:%H:%M} – {moment:%H}:59"
    if dimension == "hour_of_day":
        return f"{label}:00 – {label}:59"
    if dimension == "week":
        return f"Week of {_day(date.fromisoformat(label))}"
    return _moment(dimension, label)


def _moment(unit: str, label: str) -> str:
    if unit in ("hour", "minute"):
        return f"{datetime.fromisoformat(label):%H:%M}"
    if unit == "hour_of_day":
        return f"{label}:00"
    if unit == "day":
        return _weekday_day(date.fromisoformat(label))
    if unit == "week":
        return _day(date.fromisoformat(label))
    if unit == "month":
        return f"{date.fromisoformat(label + '-01'):%b %Y}"
    return label


def _day(day: date) -> str:
    return f"{day.day} {day:%b}"


def _weekday_day(day: date) -> str:
    return f"{day:%a} {_day(day)}"


_BEFORE = {
    "today": "yesterday by now", "yesterday": "the day before", "last_60_minutes": "the hour before",
    "last_24_hours": "the 24 hours before", "last_7_days": "the 7 days before", "last_30_days": "the 30 days before",
    "last_90_days": "the 90 days before", "last_8_weeks": "the 8 weeks before", "this_week": "last week by now",
    "this_month": "last month by now", "this_year": "last year by now",
    "last_12_months": "the 12 months before",
}  # fmt: skip
_COMPARED = {
    "same_time_yesterday": "yesterday, same time",
    "same_time_last_week": "last week, same time",
    "same_period_last_year": "last year, same period",
}
_RANGES = {
    "today": "Today", "yesterday": "Yesterday", "last_60_minutes": "Last 60 minutes", "last_24_hours": "Last 24 hours",
    "last_7_days": "Last 7 days", "last_30_days": "Last 30 days", "last_90_days": "Last 90 days",
    "last_8_weeks": "Last 8 weeks", "this_week": "This week", "this_month": "This month", "this_year": "This year",
    "last_12_months": "Last 12 months",
}  # fmt: skip


def compared(query: Query) -> str:
    """What the query's figures are compared with, to follow "vs"."""
    if query.compare == "previous_period":
        return _BEFORE.get(query.range, "the period before") if isinstance(query.range, str) else "the period before"
    return _COMPARED.get(query.compare or "", "")


def range_title(query: Query) -> str:
    """The range of a query as people say it."""
    if isinstance(query.range, str):
        return _RANGES[query.range]
    return f"{_day(query.range.from_.date())} – {_day(query.range.to.date())}"
