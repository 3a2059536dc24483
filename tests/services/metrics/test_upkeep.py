"""Upkeep beside serving: rebuilds that are asked for or were cut short, and minutes that are forgotten."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import text

from services.clock import HOUR, MINUTE
from services.jobs.upkeep import Upkeep
from services.metrics.rebuild import rebuild as rebuild_site
from services.metrics.refill import KEEP_MINUTES
from services.metrics.sites import Sites
from services.storage.alone import alone
from tests.properties.world import World
from tests.services.samples import at, groups, order, total

pytestmark = pytest.mark.stores("sqlite", "postgresql")


class Cut(Exception):
    """The server ends in the middle."""


@pytest.fixture
def shop(shop: World) -> World:
    """Orders of two weeks, the last of them an hour ago."""
    shop.now = at("2026-03-15T13:00:00Z")
    shop.post([order(str(day), when=f"2026-03-{day:02}T12:00:00Z", customer_id="c") for day in range(1, 16)])
    return shop


def upkeep(world: World) -> Upkeep:
    return Upkeep(world.store, world.writer, lambda: world.now, lambda *told: world.published.append(told))


def move_to_tokyo(world: World, rebuild: Callable[[str], None]) -> None:
    Sites(world.store, rebuild).save("main", name="main", tz="Asia/Tokyo", currency="USD", day_starts_at="00:00")


def minutes(world: World) -> list[int]:
    with world.store.reading() as connection:
        return [row[0] for row in connection.execute(text("SELECT minute FROM rollup_minute ORDER BY minute"))]


def test_a_changed_calendar_is_announced_at_once_and_again_when_its_rollups_are_there(shop: World) -> None:
    keeper = upkeep(shop)
    shop.published.clear()
    move_to_tokyo(shop, keeper.rebuild)
    assert keeper.wake.is_set()
    assert [(len(topics) > 20, cause) for topics, _, cause in shop.published] == [(True, "cache")]
    assert keeper.step() > 0
    assert not keeper.wake.is_set()
    assert [(len(topics) > 20, cause) for topics, _, cause in shop.published] == [(True, "cache")] * 2
    assert not shop.sites.get("main").rebuilding
    assert shop.differences() == []


def test_a_rebuild_that_a_restart_cut_short_is_taken_up_again(shop: World) -> None:
    move_to_tokyo(shop, lambda _: None)

    def cut(done: int, _all: int) -> None:
        raise Cut

    with pytest.raises(Cut):
        rebuild_site(shop.store, shop.writer.run, "main", shop.now, cut)
    assert shop.sites.get("main").rebuilding
    shop.post([order("late", when="2026-03-02T18:00:00Z")])
    assert total(shop, "orders") == 16
    upkeep(shop).step()
    assert not shop.sites.get("main").rebuilding
    assert shop.differences() == []
    assert groups(shop, "orders", "day")["2026-03-03"] == 2


def test_what_another_process_rebuilds_is_left_to_it_and_looked_at_again_soon(shop: World) -> None:
    move_to_tokyo(shop, lambda _: None)
    keeper = upkeep(shop)
    with alone(shop.store, "rebuild:main") as mine:
        assert mine
        assert keeper.step() < 60
        assert shop.sites.get("main").rebuilding
    assert keeper.step() > 60
    assert not shop.sites.get("main").rebuilding


def test_minutes_are_kept_for_48_hours_and_earlier_ones_are_asked_of_the_facts(shop: World) -> None:
    by_minute = {"range": {"from": "2026-03-01T11:00:00Z", "to": "2026-03-01T13:00:00Z"}}
    before = groups(shop, "revenue", "minute", **by_minute)
    assert list(before) == ["2026-03-01T12:00:00+00:00"]
    assert len(minutes(shop)) == 15
    upkeep(shop).step()
    assert minutes(shop) == [at("2026-03-14T12:00:00Z"), at("2026-03-15T12:00:00Z")]
    assert all(minute >= shop.now - KEEP_MINUTES for minute in minutes(shop))
    # Not from the cache, which knows nothing of pruning.
    assert groups(shop, "revenue", "minute", order="label", **by_minute) == before
    assert shop.differences() == []


def test_late_events_and_corrections_before_the_kept_minutes_leave_none_behind(shop: World) -> None:
    upkeep(shop).step()
    kept = minutes(shop)
    shop.post([order("late", when="2026-03-03T12:00:00Z"), order("15", "11.00", "2026-03-15T12:00:30Z")])
    shop.post([order("15", "11.00", "2026-03-15T12:30:00Z"), order("14", "11.00", "2026-03-14T12:00:00Z", id="zz")])
    assert {*minutes(shop)} == {*kept, at("2026-03-15T12:30:00Z")}
    assert shop.differences() == []
    assert total(shop, "revenue", range="last_60_minutes") == 11


def test_pruning_is_done_at_most_once_an_hour(shop: World) -> None:
    keeper = upkeep(shop)
    keeper.step()
    shop.now += HOUR - MINUTE
    shop.post([order("x", when="2026-03-13T13:30:00Z")])
    keeper.step()
    assert minutes(shop)[0] == at("2026-03-13T13:30:00Z")
    shop.now += MINUTE
    keeper.step()
    assert minutes(shop)[0] == at("2026-03-14T12:00:00Z")
