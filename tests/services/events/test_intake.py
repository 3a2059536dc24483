"""Accepting events: what is new, known, contradictory or not allowed, item by item."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import text

from services.clock import DAY, to_datetime
from services.errors import Forbidden
from services.events.decoding import Unreadable
from services.events.intake import Result
from tests.properties.world import EVERYTHING, World
from tests.services.samples import NOON, Json, answer, at, order, payment, scope, stock, total, totals

TILL = scope("write_events")


def accept(world: World, *items: object, source: str = "till", **rest: Any) -> list[Result]:
    return world.intake.accept(items, scope=rest.pop("scope", TILL), source=source, **rest)


def told(results: list[Result]) -> list[str]:
    """The status of each; of a rejected one the code."""
    return [result.errors[0]["code"] if result.errors else result.status for result in results]


def test_an_accepted_event_is_on_disk_and_in_the_figures(shop: World) -> None:
    (result,) = accept(shop, order(id="orders-1"))
    assert result.data() == {"index": 0, "id": "orders-1", "status": "accepted"}
    with sqlite3.connect(shop.store.engine.url.database or "") as another:
        assert another.execute("SELECT id, source, site FROM events").fetchall() == [("orders-1", "till", "main")]
    assert totals(shop, "revenue", "orders") == ["10.00", "1"]


def test_the_same_again_is_a_duplicate_and_changes_nothing(shop: World) -> None:
    first = order(id="a")
    assert told(accept(shop, first, first)) == ["accepted", "duplicate"]
    published = len(shop.published)
    assert told(accept(shop, first, {**first, "source": "till", "site": "main"})) == ["duplicate", "duplicate"]
    assert totals(shop, "revenue", "orders") == ["10.00", "1"]
    assert len(shop.published) == published


def test_another_content_under_a_known_id_is_a_conflict(shop: World) -> None:
    first, other = order(id="a"), order(id="a", total="11.00")
    results = accept(shop, first, other, order("2"))
    assert told(results) == ["accepted", "conflict", "accepted"]
    assert results[1].errors[0]["pointer"] == "/id"
    assert told(accept(shop, other, first)) == ["conflict", "duplicate"]
    assert total(shop, "orders") == 2


def test_an_id_counts_within_its_source_and_its_site(make_world: Callable[..., World]) -> None:
    world = make_world(main={}, bar={})
    one = order(id="a")
    results = accept(world, one, {**one, "source": "app"}, {**one, "site": "bar"})
    assert told(results) == ["accepted"] * 3
    # At main the two speak of one order; at the bar it is another.
    assert (total(world, "orders", site="main"), total(world, "orders", site="bar")) == (1, 1)


def test_without_an_id_the_server_gives_one_and_counts_each_post(shop: World) -> None:
    nameless = payment("5.00")
    del nameless["id"]
    results = [*accept(shop, nameless, {**nameless, "id": None}), *accept(shop, nameless)]
    assert told(results) == ["accepted"] * 3
    assert len({result.id for result in results}) == 3
    assert total(shop, "payments") == 3


def test_one_bad_item_never_spoils_its_neighbours(shop: World) -> None:
    bad: list[object] = [
        7,
        {"type": "order_completed"},
        Unreadable("too_deep", "is nested too deep"),
        order(total="-1"),
    ]
    results = accept(shop, order("1"), *bad, order("2"))
    assert [result.index for result in results] == list(range(6))
    assert [result.status for result in results] == ["accepted", *["rejected"] * 4, "accepted"]
    assert told(results)[3] == "too_deep"
    assert total(shop, "orders") == 2


def test_a_post_of_nothing_but_bad_items_does_not_wait_for_the_writer(shop: World) -> None:
    shop.writer.stop()
    assert told(accept(shop, order(total="-1"))) == ["out_of_range"]


def test_sites_that_are_not_there_or_not_the_key_s_are_refused(make_world: Callable[..., World]) -> None:
    world = make_world(main={}, bar={})
    results = accept(
        world, order(), order(site="gone"), order(site="bar"), scope=scope("write_events", sites=["main", "gone"])
    )
    assert told(results) == ["accepted", "unknown_site", "forbidden"]
    assert {result.errors[0]["pointer"] for result in results[1:]} == {"/site"}
    assert total(world, "orders", site="bar") == 0


def test_only_who_may_write_events_does(shop: World) -> None:
    with pytest.raises(Forbidden):
        accept(shop, order(), scope=scope("view_dashboard", "admin"))


def test_the_future_counts_up_to_24_hours_ahead(shop: World) -> None:
    latest = to_datetime(shop.now + DAY)
    just, beyond = (latest.replace(microsecond=micro).isoformat() for micro in (0, 1))
    assert told(accept(shop, order("1", when=just), order("2", when=beyond))) == ["accepted", "out_of_range"]
    shop.now += DAY
    assert told(accept(shop, order("2", when=beyond))) == ["accepted"]


def test_money_has_the_digits_of_its_site_s_currency(make_world: Callable[..., World]) -> None:
    world = make_world(main={}, tokyo={"currency": "JPY"}, kuwait={"currency": "KWD"})
    results = accept(world, *(order(site=site, total="1.500") for site in ("main", "tokyo", "kuwait")))
    assert told(results) == ["out_of_range", "out_of_range", "accepted"]
    assert totals(world, "revenue", site="kuwait") == ["1.500"]
    assert told(accept(world, order(site="tokyo", total="1500"))) == ["accepted"]
    assert totals(world, "revenue", site="tokyo") == ["1500"]


def test_the_latest_name_of_staff_is_shown_whatever_came_last(shop: World) -> None:
    def named(name: str, when: str) -> Json:
        return order(name, when=when, staff_id=7, staff_name=name)

    assert told(accept(shop, named("Mia", "2026-03-03T12:00:00Z"), named("Maria", NOON))) == ["accepted"] * 2
    accept(shop, named("Marie", "2026-03-01T12:00:00Z"))
    assert answer(shop, "revenue", "staff").names == {"7": "Mia"}
    accept(shop, named("Mia Berg", "2026-03-04T12:00:00Z"))
    assert answer(shop, "revenue", "staff").names == {"7": "Mia Berg"}


def test_a_backfill_is_accepted_like_any_post_and_announced_once(shop: World) -> None:
    before = len(shop.published)
    days = [order(str(day), when=f"2026-03-{day:02}T12:00:00Z") for day in range(1, 31)]
    assert Counter(told(accept(shop, *days, backfill=True))) == {"accepted": 30}
    assert len(shop.published) == before + 1
    assert total(shop, "revenue") == 300


def test_what_is_announced_is_what_changed_and_where(shop: World) -> None:
    accept(shop, stock("Flour", 3, "2026-03-02T12:00:30Z"), stock("Salt", 3, "2026-03-05T08:15:00Z"))
    topics, buckets, cause = shop.published[-1]
    assert set(topics) == {"low_stock_items@main"}
    assert buckets == (at("2026-03-02T12:00:00Z"), at("2026-03-05T08:16:00Z"))
    assert cause == "events"
    accept(shop, payment("5.00"))
    told = {f"{name}@main" for name in ("payments", "payment_amount", "payment_success_rate")}
    assert set(shop.published[-1][0]) == told


def test_an_event_that_is_only_kept_is_not_announced(shop: World) -> None:
    data = {"alert_name": "a", "message": "m", "metric_name": "orders", "current_value": 1, "threshold_value": 2}
    alert = {"type": "alert_triggered", "occurred_at": NOON, "data": {**data, "severity": "low"}}
    assert told(accept(shop, alert)) == ["accepted"]
    assert shop.published == []
    with shop.store.reading() as connection:
        assert connection.execute(text("SELECT COUNT(*) FROM events")).scalar() == 1


def test_of_many_that_post_the_same_event_at_once_one_is_accepted(shop: World) -> None:
    same = [order(str(number), id=f"same-{number}") for number in range(20)]

    def post(_: int) -> list[str]:
        return told(accept(shop, *same, scope=EVERYTHING))

    with ThreadPoolExecutor(8) as pool:
        told_to = Counter(status for statuses in pool.map(post, range(8)) for status in statuses)
    assert told_to == {"accepted": 20, "duplicate": 140}
    assert totals(shop, "revenue", "orders") == ["200.00", "20"]
    assert shop.differences() == []
