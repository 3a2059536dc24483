"""Rollups and facts answer alike: the same question, asked once of each, over days, hours, minutes and their ends."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from services.clock import DAY, HOUR, MINUTE, SECOND, to_datetime
from services.metrics import engine, rollups
from services.metrics.catalogue import METRICS, TIME_UNITS
from services.metrics.look import Look
from services.metrics.query import Query
from tests.properties.world import EVERYTHING, World, world
from tests.services.samples import MAIN, Json, at, cancelled, event, line, order, payment, query, total

CENTRE = datetime(2025, 11, 2, 6, tzinfo=UTC)  # in New York the clock goes back from 02:00 to 01:00
START = at("2025-11-02T06:00:00Z")
CALENDARS = [
    ("UTC", "00:00"),
    ("America/New_York", "04:30"),
    ("America/New_York", "01:30"),
    ("Asia/Kathmandu", "23:45"),
]


def happenings(chance: random.Random) -> list[Json]:
    """Two hundred events of five days, with corrections, cancellations and lines."""

    def when() -> str:
        return (CENTRE + timedelta(seconds=chance.randint(-60 * 3600, 60 * 3600))).isoformat()

    events = []
    for _ in range(200):
        number, amount = str(chance.randint(1, 90)), f"{chance.randint(0, 6000) / 100:.2f}"
        lines = [
            line(chance.choice(["Cola", "Tea"]), f"{chance.randint(0, 900) / 100:.2f}", 1, chance.choice(["A", None]))
            for _ in range(chance.randint(0, 2))
        ]
        who = {"staff_id": chance.choice(["7", "8", None]), "customer_id": chance.choice(["c", "d", "e", None])}
        how = {"channel": chance.choice(["web", None]), "payment_method": chance.choice(["card", "cash"])}
        events.append(
            chance.choice(
                [
                    order(number, amount, when(), items=lines, tip_amount="0.50", **who, **how),
                    order(number, amount, when(), items=lines, tax_amount="0.50", **who, **how),
                    cancelled(number, when(), chance.choice([None, "1.00"])),
                    payment(amount, chance.choice(["success", "failed"]), when(), payment_method=how["payment_method"]),
                    event("staff_action", {"staff_id": "7", "action_type": "login"}, when()),
                    event("system_event", {"event_type": "x", "message": "", "severity": "low"}, when()),
                ]
            )
        )
    return events


@pytest.fixture(params=CALENDARS, ids=str, scope="module")
def busy(request: pytest.FixtureRequest) -> Iterator[World]:
    tz, turn = request.param
    with world({"main": {**MAIN, "tz": tz, "day_starts_at": turn}}) as made:
        made.post(happenings(random.Random(7)))
        yield made


def stretches(chance: random.Random) -> list[tuple[int, int]]:
    """Whole days, partial hours and minutes, and what a turn or a clock change cuts."""
    odd = [0, 0, SECOND, 30 * MINUTE, 15 * MINUTE + 1, HOUR]
    found = [(START - 3 * DAY, START + 3 * DAY), (START - 90 * MINUTE, START + 90 * MINUTE), (START, START + 1)]
    for _ in range(5):
        start = START + chance.randint(-60, 40) * HOUR + chance.choice(odd)
        found.append((start, start + chance.randint(1, 30) * HOUR + chance.choice(odd)))
    return found


def both_ways(busy: World, queries: list[Query]) -> int:
    """Asks each with the rollups and without; how many of the answers had figures in them."""
    site = busy.sites.get("main")
    full = 0
    with busy.store.reading() as connection:
        for asked in queries:
            with_rollups, from_facts = (
                engine.answer(Look(connection, {"main": one}, busy.now), asked, EVERYTHING)
                for one in (site, replace(site, built_before="0001-01-01"))
            )
            assert with_rollups == from_facts
            full += bool(with_rollups.total)
    return full


def between(metric: str, by: tuple[str | None, ...], start: int, end: int, **rest: Any) -> Query:
    range_ = {"from": to_datetime(start).isoformat(), "to": to_datetime(end).isoformat()}
    return query(metric, *filter(None, by), range=range_, **rest)


def test_every_metric_by_every_dimension_and_unit_of_time(busy: World) -> None:
    chance = random.Random(11)
    units = [None, *(unit for unit in TIME_UNITS if unit != "minute")]
    queries = [
        between(metric.name, (dimension, chance.choice(units)), *stretch)
        for metric in METRICS
        for dimension in (None, *metric.dimensions)
        for stretch in stretches(chance)
    ]
    assert both_ways(busy, queries) > 300


@pytest.mark.parametrize(
    ("metric", "filters"),
    [
        ("net_revenue", {"staff": ["7"]}), ("net_revenue", {"staff": ["7", None]}), ("tips", {"channel": [None]}),
        ("revenue", {"product": ["Cola"]}), ("orders", {"product": ["Cola", "Tea"]}), ("orders", {"category": [None]}),
        ("average_order_value", {"customer_type": ["new"]}), ("revenue", {"staff": ["8"], "channel": ["web"]}),
        ("customers", {"channel": ["web"]}), ("customers", {"customer_type": ["new"]}), ("orders", {"staff": []}),
        ("new_customers", {"channel": [None]}), ("payments", {"payment_method": ["card", "cash"]}),
    ],
    ids=str,
)  # fmt: skip
def test_every_filter(busy: World, metric: str, filters: dict[str, list[str | None]]) -> None:
    both_ways(
        busy,
        [
            between(metric, (unit, other), *stretch, filters=filters)
            for unit in (None, "hour", "day")
            for other in (None, *list(filters)[:1])
            for stretch in stretches(random.Random(5))
        ],
    )


def test_minutes_come_from_their_rollups_while_they_are_kept_and_from_the_facts_before(busy: World) -> None:
    kept_from = START - 5 * HOUR
    busy.writer.run(lambda connection: rollups.prune_minutes(connection, "main", kept_from))
    queries = [
        between(metric, (unit, dimension), start, end)
        for metric in ("revenue", "orders", "refunds")
        for unit, dimension in (("minute", None), ("minute", "staff"), (None, None), ("hour", None))
        for start, end in [
            (kept_from - 8 * HOUR, kept_from + HOUR), (kept_from, kept_from + 8 * HOUR),
            (kept_from + 1, kept_from + HOUR + 1), (kept_from - 8 * HOUR - 1, kept_from + MINUTE),
        ]
    ]  # fmt: skip
    assert both_ways(busy, queries) > 10


def test_whole_days_and_hours_are_read_from_rollups_and_only_the_ends_from_facts(
    make_world: Callable[..., World],
) -> None:
    shop = make_world(main={"tz": "America/New_York", "day_starts_at": "04:30"})
    site = shop.sites.get("main")
    day = site.calendar.day_start(date(2025, 11, 3))
    shop.post([order(str(n), "1.00", to_datetime(day + n * HOUR).isoformat()) for n in range(-48, 48)])
    with shop.store.writing() as connection:
        connection.execute(text("DELETE FROM orders"))
        connection.execute(text("DELETE FROM rollup_minute"))

    def orders(start: int, end: int) -> object:
        return total(shop, "orders", range={"from": to_datetime(start).isoformat(), "to": to_datetime(end).isoformat()})

    assert orders(day, day + DAY) == 24
    assert orders(day - 4 * HOUR, day + DAY + HOUR) == 4 + 24  # half an hour at the end is no whole hour
    assert orders(day, day + 30 * MINUTE) == 1  # the rest of the hour that the day's turn cuts
    assert orders(day + 30 * MINUTE, day + 5 * HOUR + 30 * MINUTE) == 5
    assert orders(day + 30 * MINUTE + 1, day + 5 * HOUR + 30 * MINUTE) == 4
    assert orders(day + 31 * MINUTE, day + 90 * MINUTE - 1) == 0
