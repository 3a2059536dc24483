"""The simulated past: the same whenever it is asked, sound in every event, and shaped like a restaurant's days."""

from __future__ import annotations

import itertools
from collections import Counter
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from demo.history import events_between, events_of_day
from services.events.schemas import DATA, canonical, check

ZONE = ZoneInfo("Europe/Vienna")
MONDAY = date(2026, 3, 23)  # the clocks change on the Sunday of this week
WEEK = [MONDAY + timedelta(days=number) for number in range(7)]


@pytest.fixture(scope="module")
def week() -> list[dict[str, Any]]:
    return [event for day in WEEK for event in events_of_day(day, ZONE)]


def orders(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [event for event in events if event["type"] == "order_completed"]


def test_a_day_is_the_same_whenever_it_is_asked(week: list[dict[str, Any]]) -> None:
    assert [event for day in WEEK for event in events_of_day(day, ZONE)] == week
    assert events_of_day(MONDAY, ZONE, seed=7) != events_of_day(MONDAY, ZONE)


def test_pieces_of_the_past_join_without_gap_or_overlap(week: list[dict[str, Any]]) -> None:
    start = datetime(2026, 3, 23, tzinfo=ZONE)
    cuts = [
        start,
        start + timedelta(hours=13, minutes=7),
        start + timedelta(days=4, hours=20),
        start + timedelta(days=7),
    ]
    pieces = [
        event
        for begin, end in itertools.pairwise(cuts)
        for events in events_between(begin, end, ZONE)
        for event in events
    ]
    assert pieces == week


def test_every_event_is_valid_and_of_all_types_with_an_id_of_its_own(week: list[dict[str, Any]]) -> None:
    for event in week:
        canonical(check(event))
    assert {event["type"] for event in week} == set(DATA)
    assert len({event["id"] for event in week}) == len(week)


def test_events_lie_on_their_day_in_order_of_time() -> None:
    for day in WEEK:
        times = [datetime.fromisoformat(event["occurred_at"]) for event in events_of_day(day, ZONE)]
        assert times == sorted(times)
        assert {moment.date() for moment in times} == {day}
        assert {moment.utcoffset() for moment in times} <= {timedelta(hours=1), timedelta(hours=2)}


def test_amounts_of_an_order_add_up(week: list[dict[str, Any]]) -> None:
    for data in (event["data"] for event in orders(week)):
        lines = sum(Decimal(item["line_amount"]) for item in data["items"])
        fee = Decimal("3.50") if data["channel"] == "delivery" else 0
        assert Decimal(data["total_amount"]) == lines + fee
        listed = sum(Decimal(item["unit_price"]) * item["quantity"] for item in data["items"])
        assert Decimal(data["discount_amount"]) == listed - lines
        assert sum(item["quantity"] for item in data["items"]) == data["items_count"]


def test_money_given_back_was_taken_before(week: list[dict[str, Any]]) -> None:
    totals = {event["data"]["order_id"]: Decimal(event["data"]["total_amount"]) for event in orders(week)}
    cancelled = [event["data"] for event in week if event["type"] == "order_cancelled"]
    assert any("amount" in data for data in cancelled)
    assert any("amount" not in data for data in cancelled)
    for data in cancelled:
        assert Decimal(data.get("amount", 0)) <= totals[data["order_id"]]


def test_a_week_looks_like_a_restaurants(week: list[dict[str, Any]]) -> None:
    by_hour = Counter(datetime.fromisoformat(event["occurred_at"]).hour for event in orders(week))
    assert by_hour[19] > by_hour[13] > 2 * by_hour[16]
    by_weekday = Counter(datetime.fromisoformat(event["occurred_at"]).weekday() for event in orders(week))
    assert by_weekday[5] > 1.5 * by_weekday[0]
    data = [event["data"] for event in orders(week)]
    assert {order["channel"] for order in data} == {"dine_in", "takeaway", "delivery"}
    assert {order["payment_method"] for order in data} == {"card", "cash", "mobile", "gift_card"}
    assert len({order["staff_name"] for order in data}) == 8
    customers = Counter(order["customer_id"] for order in data if "customer_id" in order)
    assert any(visits > 1 for visits in customers.values())
    assert any("customer_id" not in order for order in data)
    statuses = {event["data"]["status"] for event in week if event["type"] == "payment_processed"}
    assert statuses == {"success", "failed", "refunded"}
    stock = [event["data"] for event in week if event["type"] == "inventory_updated"]
    assert any(data["quantity"] <= data["reorder_level"] for data in stock)
