"""Verifying finds what differs; rebuilding mends it, whatever happens meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text

from services.clock import DAY
from services.metrics import recount, rollups, sites
from tests.properties.world import World
from tests.services.samples import cancelled, event, groups, line, order, payment, total

TABLES = ("rollup_day", "rollup_hour", "rollup_minute", "customer_day")


@pytest.fixture
def shop(shop: World) -> World:
    """With something of everything over four weeks, the last of it within the last 48 hours."""
    for day in range(4, 32):
        when = f"2026-05-{day:02}T{day % 24:02}:30:00Z"
        lines = [line("Cola", "4.00", 2, "Drinks")]
        sold = order(str(day), "10.00", when, customer_id=f"c{day % 3}", staff_id="7", channel="web", items=lines)
        shop.post([sold, payment("10.00", when=when), event("staff_action", {"staff_id": 7, "action_type": "x"}, when)])
    shop.post([cancelled("5", "2026-05-20T08:00:00Z"), cancelled("6", "2026-05-20T08:00:00Z", "1.00")])
    assert shop.differences() == []
    return shop


def cells(world: World) -> dict[str, set[tuple[Any, ...]]]:
    """All rows of all rollups that say something."""
    with world.store.reading() as connection:
        return {
            table: {tuple(row) for row in connection.execute(text(f"SELECT * FROM {table}")) if any(row[-16:])}
            for table in TABLES
        }


def rebuild(world: World, progress: Callable[[int, int], None] = lambda _done, _all: None) -> None:
    recount.rebuild(world.writer.run, "main", world.now, progress)


@pytest.mark.parametrize(
    ("change", "rollup", "measure"),
    [
        ("UPDATE rollup_day SET revenue = revenue + 1 WHERE dimension = 'channel' AND business_date = '2026-05-09'",
         "rollup_day", "revenue"),
        ("DELETE FROM rollup_hour WHERE dimension = '' AND business_date = '2026-05-05'", "rollup_hour", "orders"),
        ("UPDATE rollup_minute SET payments = 5 WHERE minute = (SELECT MAX(minute) FROM rollup_minute)",
         "rollup_minute", "payments"),
        ("UPDATE customer_day SET orders = 2 WHERE business_date = '2026-05-09' AND dimension = 'staff'",
         "customer_day", "orders"),
        ("INSERT INTO rollup_day (site, dimension, business_date, value, tips) "
         "VALUES ('main', '', '2031-01-01', '', 1)", "rollup_day", "tips"),
        ("UPDATE orders SET total = total + 1 WHERE order_id = '9'", "rollup_day", "revenue"),
    ],
)  # fmt: skip
def test_whatever_differs_is_found_and_a_rebuild_mends_it(shop: World, change: str, rollup: str, measure: str) -> None:
    with shop.store.writing() as connection:
        assert connection.execute(text(change)).rowcount >= 1
    found = shop.differences()
    assert (rollup, measure) in {(difference.rollup, difference.measure) for difference in found}
    assert all(difference.expected != difference.found for difference in found)
    rebuild(shop)
    assert shop.differences() == []


def test_a_rebuild_makes_the_very_same_rollups(shop: World) -> None:
    shop.writer.run(lambda connection: rollups.prune_minutes(connection, "main", shop.now - recount.KEEP_MINUTES))
    before = cells(shop)
    told: list[tuple[int, int]] = []
    rebuild(shop, lambda done, all_: told.append((done, all_)))
    assert cells(shop) == before
    assert told == [(7, 28), (14, 28), (21, 28), (28, 28)]


def test_figures_are_right_at_every_moment_of_a_rebuild(shop: World) -> None:
    by_day = groups(shop, "revenue", "day", range="last_30_days")
    assert len(by_day) == 28
    seen = 0

    def look(_done: int, _all: int) -> None:
        nonlocal seen
        seen += 1
        assert groups(shop, "revenue", "day", range="last_30_days") == by_day
        assert total(shop, "customers", range="last_30_days") == 3

    rebuild(shop, look)
    assert seen == 4


def test_events_that_come_during_a_rebuild_are_counted_once_wherever_they_lie(shop: World) -> None:
    days = iter(("2026-05-05", "2026-05-29", "2026-03-01", "2026-06-01"))

    def post(_done: int, _all: int) -> None:
        when = f"{next(days)}T06:00:00Z"
        shop.post([order(when, "1.00", when, customer_id="late"), order("9", "20.00", when)])

    rebuild(shop, post)
    assert shop.differences() == []
    shop.now += DAY
    assert total(shop, "orders", range={"from": "2026-01-01T00:00:00Z", "to": "2026-06-02T00:00:00Z"}) == 28 + 4


def test_an_event_older_than_all_others_is_counted_whenever_it_comes(shop: World) -> None:
    works = 0

    def write(work: Callable[[Any], Any]) -> Any:
        nonlocal works
        works += 1
        shop.post([order(f"old-{works}", "1.00", f"2026-02-{20 - works}T12:00:00Z")])
        return shop.writer.run(work)

    recount.rebuild(write, "main", shop.now)
    assert works > 5
    assert shop.differences() == []


def test_a_calendar_that_changes_during_a_rebuild_makes_it_begin_again(shop: World) -> None:
    changed = False

    def change(done: int, _all: int) -> None:
        nonlocal changed
        if done == 14 and not changed:
            changed = True
            moved = {"tz": "America/Los_Angeles", "day_starts_at": "00:00"}
            sites.Sites(shop.store, lambda _: None).save("main", name="main", currency="USD", **moved)

    rebuild(shop, change)
    assert changed
    assert not shop.sites.get("main").rebuilding
    assert shop.differences() == []
    assert "2026-05-03" in groups(shop, "orders", "day", range="last_30_days")


def test_a_site_without_facts_is_rebuilt_in_no_time(make_world: Callable[..., World]) -> None:
    world = make_world(main={})
    rebuild(world)
    assert not world.sites.get("main").rebuilding
    assert world.differences() == []


def test_only_the_site_in_question_is_touched(make_world: Callable[..., World]) -> None:
    world = make_world(main={}, bar={})
    world.post([order("1", when="2026-05-31T12:00:00Z"), order("1", when="2026-05-31T12:00:00Z", site="bar")])
    before = cells(world)
    rebuild(world)
    assert cells(world) == before
