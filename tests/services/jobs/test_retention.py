"""Retention: bodies beyond the horizon go, and nobody can tell from any figure or answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text

from services.clock import DAY, HOUR
from services.errors import Conflict
from services.jobs import retention
from services.jobs.retention import Forgotten, forget, horizon
from services.jobs.upkeep import Upkeep
from tests.properties.world import EVERYTHING, World
from tests.services.samples import answer, at, cancelled, event, order, payment, stock, total

pytestmark = pytest.mark.stores("sqlite", "postgresql")

YEAR = {"from": "2026-01-01T00:00:00Z", "to": "2026-06-01T00:00:00Z"}
NOTHING = Forgotten()
APRIL = "2026-04-01T00:00:00Z"


@pytest.fixture
def posted() -> list[Any]:
    """Events of every month from January to May, the last of March and the first of April among them."""
    months = [f"2026-{month:02}-15T12:00:00Z" for month in range(1, 6)]
    moments = [*months, "2026-03-31T23:59:59.999999Z", APRIL]
    events = [order(f"o{n}", "10.00", when, customer_id="c", staff_id="7") for n, when in enumerate(moments)]
    events += [payment("10.00", when=when) for when in months]
    events += [cancelled("o1", "2026-04-02T12:00:00Z"), stock("Cola", 1, "2026-01-15T12:00:00Z", reorder_level=2)]
    return [*events, event("system_event", {"event_type": "x", "message": "m", "severity": "low"}, months[0])]


@pytest.fixture
def shop(shop: World, posted: list[Any]) -> World:
    shop.post(posted)
    return shop


def bodies(world: World) -> int:
    """How many events of the log have theirs."""
    with world.store.reading() as connection:
        return int(connection.execute(text("SELECT COUNT(*) FROM events WHERE body LIKE '{%'")).scalar() or 0)


def forget_before(world: World, when: str, done: Forgotten = NOTHING) -> Forgotten:
    return forget(world.store, world.writer.run, at(when), done)


def figures(world: World) -> list[Any]:
    metrics = ("revenue", "orders", "refunds", "customers", "payments", "system_events", "low_stock_items")
    # Not from the cache, which knows nothing of bodies.
    world.snapshots.invalidate("*", EVERYTHING)
    return [
        (found.total, found.has_facts, found.groups)
        for found in (answer(world, metric, "day", range=YEAR) for metric in metrics)
    ]


@pytest.mark.parametrize(
    ("now", "months", "expected"),
    [
        ("2026-06-30T23:59:59Z", 2, "2026-04-01T00:00:00Z"),
        ("2026-06-01T00:00:00Z", 2, "2026-04-01T00:00:00Z"),
        ("2026-06-01T00:00:00Z", 6, "2025-12-01T00:00:00Z"),
        ("2026-01-31T00:00:00Z", 1, "2025-12-01T00:00:00Z"),
        ("2026-01-31T00:00:00Z", 13, "2024-12-01T00:00:00Z"),
        ("2026-01-31T00:00:00Z", 1_200, "1970-01-01T00:00:00Z"),
    ],
)
@pytest.mark.stores("sqlite")
def test_at_least_so_many_whole_months_stay(now: str, months: int, expected: str) -> None:
    assert horizon(at(now), months) == at(expected)


def test_old_bodies_go_and_every_figure_stays(shop: World, posted: list[Any]) -> None:
    before = figures(shop)
    forget_before(shop, APRIL)
    assert bodies(shop) == sum(one["occurred_at"] >= APRIL for one in posted) == 6
    assert figures(shop) == before
    assert shop.differences() == []


def test_an_old_event_that_is_sent_again_is_a_duplicate_and_with_another_content_a_conflict(
    shop: World, posted: list[Any]
) -> None:
    before = figures(shop)
    forget_before(shop, APRIL)
    assert shop.post(posted) == {"duplicate": len(posted)}
    other = {**posted[0], "data": {**posted[0]["data"], "total_amount": "11.00"}}
    (result,) = shop.intake.accept([other], scope=EVERYTHING, source="till")
    assert (result.status, result.errors[0]["code"]) == ("rejected", "conflict")
    assert figures(shop) == before


def test_a_late_event_of_a_month_that_is_gone_is_counted_and_goes_with_the_next_pass(shop: World) -> None:
    done = forget_before(shop, APRIL)
    late = order("late", "1.00", "2026-01-20T12:00:00Z")
    assert shop.post([late]) == {"accepted": 1}
    assert bodies(shop) == 7
    assert total(shop, "revenue", range=YEAR) == 71
    forget_before(shop, APRIL, done)
    assert bodies(shop) == 6
    assert shop.post([late]) == {"duplicate": 1}
    assert shop.differences() == []


def test_a_correction_of_an_order_whose_body_is_gone_still_corrects_it(shop: World) -> None:
    forget_before(shop, APRIL)
    shop.post([order("o0", "99.00", "2026-05-20T12:00:00Z")])
    assert total(shop, "revenue", range=YEAR) == 159
    assert total(shop, "orders", range=YEAR) == 7
    assert shop.differences() == []


def test_a_later_horizon_takes_more(shop: World) -> None:
    done = forget_before(shop, "2026-02-01T00:00:00Z")
    left = bodies(shop)
    forget_before(shop, "2026-06-01T00:00:00Z", done)
    assert (left > 6, bodies(shop)) == (True, 0)
    assert shop.differences() == []


def test_the_currency_stays_though_no_body_does(shop: World) -> None:
    forget_before(shop, "2026-06-01T00:00:00Z")
    with pytest.raises(Conflict):
        shop.sites.save("main", name="main", tz="UTC", currency="EUR", day_starts_at="00:00")


def test_each_transaction_is_short(shop: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "ROWS_AT_ONCE", 3)
    writes = 0

    def write(work: Callable[[Any], Any]) -> Any:
        nonlocal writes
        writes += 1
        return shop.writer.run(work)

    forget(shop.store, write, at("2026-06-01T00:00:00Z"))
    assert writes >= 5
    assert bodies(shop) == 0


@pytest.mark.stores("postgresql")
def test_a_log_that_is_being_read_is_not_waited_for(shop: World) -> None:
    with shop.store.reading() as reader:
        reader.execute(text("SELECT COUNT(*) FROM events"))
        forget_before(shop, APRIL)
        assert bodies(shop) > 6
    forget_before(shop, APRIL)
    assert bodies(shop) == 6


def test_upkeep_forgets_what_the_setting_says(shop: World) -> None:
    def keeper(months: int) -> Upkeep:
        return Upkeep(shop.store, shop.writer, lambda: shop.now, lambda *_: None, retention_months=months)

    everything = bodies(shop)
    keeper(0).step()
    assert bodies(shop) == everything
    kept = keeper(2)
    kept.step()
    assert bodies(shop) == 6
    shop.now += 31 * DAY
    kept.step()
    assert bodies(shop) == 2
    shop.post([order("late", when="2026-01-20T12:00:00Z")])
    shop.now += HOUR
    kept.step()
    assert bodies(shop) == 2
