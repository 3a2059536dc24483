"""Rebuilding mends whatever differs, and nobody notices but by the figures that were wrong."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text

from services.clock import DAY
from services.jobs.patience import patiently
from services.metrics import rollups, sites, verify
from services.metrics.rebuild import rebuild
from services.metrics.refill import KEEP_MINUTES
from services.storage.alone import alone
from services.storage.engine import Store
from tests.properties.world import EVERYTHING, World
from tests.services.samples import cancelled, event, groups, line, order, payment, total

pytestmark = pytest.mark.stores("sqlite", "postgresql")

TABLES = ("rollup_day", "rollup_hour", "rollup_minute", "customer_day")
EMPTY_ROWS = """
    INSERT INTO rollup_day (site, dimension, business_date, value)
    SELECT DISTINCT site, 'severity', business_date, 'none at all' FROM rollup_day WHERE site = 'main'"""
"""They spoil no figure, but days that have them are not as they would be built."""
MARK = "UPDATE sites SET built_before = '0001-01-01' WHERE id = 'main'"


@pytest.fixture
def shop(shop: World) -> World:
    """With something of everything over four weeks, the last of it within the last 48 hours."""
    events = []
    for day in range(4, 32):
        when = f"2026-05-{day:02}T{day % 24:02}:30:00Z"
        lines = [line("Cola", "4.00", 2, "Drinks")]
        events += [
            order(str(day), "10.00", when, customer_id=f"c{day % 3}", staff_id="7", channel="web", items=lines),
            payment("10.00", when=when),
            event("staff_action", {"staff_id": 7, "action_type": "x"}, when),
        ]
    shop.post([*events, cancelled("5", "2026-05-20T08:00:00Z"), cancelled("6", "2026-05-20T08:00:00Z", "1.00")])
    assert shop.differences() == []
    return shop


def cells(world: World, tables: tuple[str, ...] = TABLES) -> dict[str, set[tuple[Any, ...]]]:
    """All rows of all rollups."""
    with world.store.reading() as connection:
        return {table: {tuple(row) for row in connection.execute(text(f"SELECT * FROM {table}"))} for table in tables}


def plant(world: World, *changes: str) -> None:
    with world.store.writing() as connection:
        for change in changes:
            assert connection.execute(text(change)).rowcount >= 1


def renew(
    world: World,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
    before: Callable[[], object] = lambda: None,
) -> int:
    """Rebuilds main, calling `before` ahead of each write; how many there were."""
    writes = 0

    def write(work: Callable[[Any], Any]) -> Any:
        nonlocal writes
        writes += 1
        before()
        return world.writer.run(work)

    assert rebuild(world.store, write, "main", world.now, progress)
    return writes


SPOILT = [
    "UPDATE rollup_day SET revenue = revenue + 1 WHERE dimension = 'channel' AND business_date = '2026-05-09'",
    "DELETE FROM rollup_hour WHERE dimension = '' AND business_date = '2026-05-05'",
    "UPDATE rollup_minute SET payments = 5 WHERE minute = (SELECT MAX(minute) FROM rollup_minute)",
    "UPDATE customer_day SET orders = 2 WHERE business_date = '2026-05-09' AND dimension = 'staff'",
    "INSERT INTO rollup_day (site, dimension, business_date, value, tips) VALUES ('main', '', '2031-01-01', '', 1)",
    "INSERT INTO customer_day VALUES ('main', 'moon', '2026-05-09', '', 'c', 1)",
    "UPDATE rollup_hour SET business_date = '2026-05-07' WHERE business_date = '2026-05-09' AND dimension = 'staff'",
    "UPDATE rollup_hour SET hour = hour + 1 WHERE business_date = '2026-05-09' AND dimension = 'staff'",
]


@pytest.mark.parametrize("change", SPOILT)
def test_whatever_differs_is_mended_and_nothing_else_touched(shop: World, change: str) -> None:
    renew(shop)
    before = cells(shop)
    plant(shop, change)
    assert shop.differences()
    renew(shop)
    assert shop.differences() == []
    assert cells(shop) == before


def test_what_is_right_is_left_alone_and_progress_is_told(shop: World) -> None:
    renew(shop)
    before, versions = cells(shop), cells(shop, ("topic_versions",))
    told: list[tuple[int, int]] = []
    renew(shop, lambda done, all_: told.append((done, all_)))
    assert (cells(shop), cells(shop, ("topic_versions",))) == (before, versions)
    assert len(told) >= 28
    assert told == [(done, len(told)) for done in range(1, len(told) + 1)]


def test_a_spoilt_figure_that_was_cached_is_not_given_again(shop: World) -> None:
    may = {"range": {"from": "2026-05-01T00:00:00Z", "to": "2026-06-01T00:00:00Z"}}
    plant(shop, "UPDATE rollup_day SET revenue = revenue + 100 WHERE dimension = '' AND business_date = '2026-05-09'")
    assert total(shop, "revenue", **may) == 281
    renew(shop)
    assert total(shop, "revenue", **may) == 280


@pytest.mark.parametrize("begin", [EMPTY_ROWS, MARK], ids=["swapped", "filled in"])
def test_figures_are_right_at_every_moment_of_a_rebuild(shop: World, begin: str) -> None:
    by_day = groups(shop, "revenue", "day", range="last_30_days")
    assert len(by_day) == 28
    plant(shop, begin)
    seen = 0

    def look(*_: int) -> None:
        nonlocal seen
        seen += 1
        shop.snapshots.invalidate("*", EVERYTHING)
        assert groups(shop, "revenue", "day", range="last_30_days") == by_day
        assert total(shop, "customers", range="last_30_days") == 3

    assert renew(shop, look, look) >= 28
    assert seen >= 56


@pytest.mark.parametrize("begin", [EMPTY_ROWS, MARK], ids=["swapped", "filled in"])
def test_events_that_come_during_a_rebuild_are_counted_once_wherever_they_lie(shop: World, begin: str) -> None:
    plant(shop, begin)
    days = ["2026-05-05", "2026-05-29", "2026-03-01", "2026-06-01", "2026-05-12", "2026-05-31", "2026-02-01"]
    posted = 0

    def post() -> None:
        nonlocal posted
        posted += 1
        when = f"{days[posted % len(days)]}T06:00:00Z"
        shop.post([order(f"n-{posted}", "1.00", when, customer_id="late"), order("9", "20.00", when)])

    renew(shop, before=post)
    assert shop.differences() == []
    shop.now += DAY
    assert total(shop, "orders", range={"from": "2026-01-01T00:00:00Z", "to": "2026-06-02T00:00:00Z"}) == 28 + posted


def test_an_event_that_comes_between_reading_a_day_and_replacing_it_is_in_what_replaces_it(shop: World) -> None:
    plant(shop, "UPDATE rollup_day SET revenue = 7 WHERE dimension = '' AND business_date = '2026-05-09'")
    late = iter([order("late", "1.00", "2026-05-09T12:00:00Z", staff_id="8")])
    renew(shop, before=lambda: shop.post(list(late)))
    assert shop.differences() == []
    assert groups(shop, "revenue", "day", range="last_30_days")["2026-05-09"] == 11


def test_an_event_older_than_all_others_is_counted_whenever_it_comes(shop: World) -> None:
    plant(shop, MARK)
    older = 0

    def post() -> None:
        nonlocal older
        older += 1
        shop.post([order(f"old-{older}", "1.00", f"2025-{12 - older % 12:02}-{1 + older % 28:02}T12:00:00Z")])

    renew(shop, before=post)
    assert older > 5
    assert shop.differences() == []


@pytest.mark.parametrize("begin", [EMPTY_ROWS, MARK], ids=["swapped", "filled in"])
def test_a_calendar_that_changes_during_a_rebuild_makes_it_begin_again(shop: World, begin: str) -> None:
    plant(shop, begin)
    changed = False

    def change(done: int, _all: int) -> None:
        nonlocal changed
        if done == 14 and not changed:
            changed = True
            moved = {"tz": "America/Los_Angeles", "day_starts_at": "00:00"}
            sites.Sites(shop.store, lambda _: None).save("main", name="main", currency="USD", **moved)

    renew(shop, change)
    assert changed
    assert not shop.sites.get("main").rebuilding
    assert shop.differences() == []
    assert "2026-05-03" in groups(shop, "orders", "day", range="last_30_days")


def test_minutes_forgotten_during_a_rebuild_stay_forgotten(shop: World) -> None:
    plant(shop, EMPTY_ROWS)
    before = shop.now - KEEP_MINUTES
    renew(shop, before=lambda: shop.writer.run(lambda connection: rollups.prune_minutes(connection, "main", before)))
    assert min(row[1] for row in cells(shop)["rollup_minute"]) >= before
    assert shop.differences() == []


def test_a_rebuild_from_outside_and_processors_that_work_meanwhile_lose_nothing(shop: World) -> None:
    stop, posted = threading.Event(), 0

    def post() -> None:
        nonlocal posted
        while not stop.is_set():
            posted += 1
            when = f"2026-05-{4 + posted % 28:02}T{posted % 24:02}:15:00Z"
            shop.post([order(f"n-{posted}", "1.00", when, customer_id=f"c{posted % 9}"), order("9", "20.00", when)])

    outside = Store(shop.store.url)
    till = threading.Thread(target=post)
    till.start()
    try:
        for begin in (EMPTY_ROWS, MARK, EMPTY_ROWS):
            plant(shop, begin)
            assert rebuild(outside, patiently(outside), "main", shop.now)
            assert verify.differences(outside) == []
    finally:
        stop.set()
        till.join()
        outside.close()
    assert posted > 20
    assert shop.differences() == []
    assert total(shop, "orders", range="last_30_days") == 28 + posted


def test_two_rebuilds_of_a_site_never_run_at_once(shop: World) -> None:
    answers: list[bool] = []

    def another(*_: int) -> None:
        if not answers:
            other = threading.Thread(
                target=lambda: answers.append(rebuild(shop.store, shop.writer.run, "main", shop.now))
            )
            other.start()
            other.join()

    renew(shop, another)
    assert answers == [False]
    with alone(shop.store, "rebuild:main") as mine:
        assert mine


def test_a_site_without_facts_is_rebuilt_in_no_time(make_world: Callable[..., World]) -> None:
    world = make_world(main={})
    renew(world)
    plant(world, MARK)
    renew(world)
    assert not world.sites.get("main").rebuilding
    assert world.differences() == []


@pytest.mark.parametrize("begin", [EMPTY_ROWS, MARK], ids=["swapped", "filled in"])
def test_only_the_site_in_question_is_touched(make_world: Callable[..., World], begin: str) -> None:
    world = make_world(main={}, bar={})
    world.post([order("1", when="2026-05-31T12:00:00Z"), order("1", when="2026-05-31T12:00:00Z", site="bar")])
    before = cells(world)
    plant(world, begin)
    renew(world)
    assert cells(world) == before
