"""The snapshot service: never a figure older than what was accepted, computed once, never another scope's."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from typing import Any

import pytest

from services.clock import DAY, MINUTE, SECOND
from services.errors import Forbidden, StoreUnavailable
from services.metrics import engine
from services.metrics.snapshot import READERS_AT_ONCE, Snapshots
from tests.properties.world import EVERYTHING, World
from tests.services.samples import MARCH, answer, at, order, payment, query, read, scope, stock, total
from tests.services.waiting import until

pytestmark = pytest.mark.stores("sqlite", "postgresql")

REVENUE = query("revenue")
WAIT = 20


@pytest.fixture
def computing(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], None]], None]:
    """`computing(step)`: each computation takes `step` after it has read its figures."""

    def during(step: Callable[[], None]) -> None:
        compute = engine.answer

        def slow(*args: Any) -> Any:
            found = compute(*args)
            step()
            return found

        monkeypatch.setattr(engine, "answer", slow)

    return during


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> Callable[[World], Any]:
    """`with broken(world):` its store cannot be read."""

    @contextmanager
    def breaking(world: World) -> Iterator[None]:
        def fail() -> Any:
            raise StoreUnavailable("the store cannot be reached now")

        with monkeypatch.context() as patch:
            patch.setattr(world.store, "reading", fail)
            yield

    return breaking


def served(world: World) -> tuple[int, int, int]:
    counts = world.snapshots.counts
    return counts.cached, counts.computed, counts.stale


# Never without what was accepted.


def test_a_read_after_a_post_was_answered_holds_it_whoever_reads_meanwhile(shop: World) -> None:
    accepted, faults, over = 0, [], threading.Event()

    def watch() -> None:
        while not over.is_set():
            least = accepted
            for asked in (REVENUE, query("orders", "hour")):
                found = answer(shop, asked.metric, *asked.group_by).total
                if found is None or found < least:
                    faults.append((asked.metric, found, least))

    with ThreadPoolExecutor(3) as pool:
        watchers = [pool.submit(watch) for _ in range(3)]
        for number in range(120):
            shop.post([order(str(number), "1.00")])
            accepted = number + 1
            found = (total(shop, "revenue"), total(shop, "orders"))
            if found != (accepted, accepted):
                faults.append(found)
        over.set()
        for watcher in watchers:
            watcher.result(WAIT)
    assert faults == []
    cached, computed, _ = served(shop)
    assert cached > 0
    assert computed >= 240


def test_what_was_begun_before_a_commit_is_never_given_to_who_asks_after_it(
    shop: World, computing: Callable[[Callable[[], None]], None]
) -> None:
    begun, go_on, steps = threading.Event(), threading.Event(), count()

    def hold_the_first() -> None:
        if next(steps) == 0:
            begun.set()
            assert go_on.wait(WAIT)

    computing(hold_the_first)
    with ThreadPoolExecutor(2) as pool:
        early = pool.submit(read, shop, REVENUE)
        assert begun.wait(WAIT)
        shop.post([order("1", "10.00")])
        late = pool.submit(read, shop, REVENUE)
        with pytest.raises(TimeoutError):
            late.result(0.1)  # it waits for the flight of the other
        go_on.set()
        early_answer, late_answer = early.result(WAIT).answer, late.result(WAIT).answer
    assert early_answer is not None
    assert late_answer is not None
    assert (early_answer.total, late_answer.total) == (0, 10)
    assert total(shop, "revenue") == 10


def test_an_answer_put_late_by_a_slow_reader_is_seen_through(shop: World) -> None:
    """As if another worker shared the cache: an older answer comes to lie over a newer one."""
    read(shop, REVENUE)
    key = next(iter(shop.snapshots._cache._entries))  # type: ignore[attr-defined]
    old = shop.snapshots._cache.get(key)
    shop.post([order("1", "10.00")])
    assert total(shop, "revenue") == 10
    assert old is not None
    shop.snapshots._cache.put(key, old)
    assert total(shop, "revenue") == 10


def test_only_what_an_event_touches_is_computed_anew(shop: World) -> None:
    shop.post([order("1")])
    asked = [query(name) for name in ("revenue", "payments", "low_stock_items", "staff_actions")]
    shop.snapshots.read(asked, EVERYTHING)
    shop.post([payment("5.00"), stock("Flour", 1)])
    statuses = [reading.cache_status for reading in shop.snapshots.read(asked, EVERYTHING)]
    assert statuses == ["cached", "fresh", "fresh", "cached"]


# Computed once.


@pytest.mark.parametrize("scopes", [1, 2])
def test_many_readers_at_once_cause_one_computation_for_each_scope_and_change(
    shop: World, computing: Callable[[Callable[[], None]], None], scopes: int
) -> None:
    computing(lambda: time.sleep(0.05))
    whose = [EVERYTHING, scope(staff_id="7")][:scopes]
    for change in range(3):
        shop.post([order(str(change), "10.00")])
        start = threading.Barrier(12)

        def ask(number: int, start: threading.Barrier = start) -> Any:
            start.wait(WAIT)
            return read(shop, REVENUE, whose[number % scopes])

        before = served(shop)
        with ThreadPoolExecutor(12) as pool:
            readings = list(pool.map(ask, range(12)))
        cached, computed, _ = served(shop)
        assert (computed - before[1], cached - before[0]) == (scopes, 12 - scopes)
        assert {reading.answer.total for reading in readings[::scopes] if reading.answer} == {10 * (change + 1)}


def test_equal_questions_in_other_words_share_an_answer(shop: World) -> None:
    shop.post([order("1", channel="a")])
    read(shop, query("revenue", filters={"channel": ["a", "b"]}, site=["main"]))
    again = read(shop, query("revenue", filters={"channel": ["b", "a", "b"]}, site="main"))
    assert again.cache_status == "cached"
    assert read(shop, query("revenue", filters={"channel": ["a"]}, site="main")).cache_status == "fresh"


def test_one_bad_query_spoils_no_other(make_world: Callable[..., World]) -> None:
    world = make_world(main={}, tokyo={"currency": "JPY"})
    world.post([order("1")])
    readings = world.snapshots.read([REVENUE, query("orders"), query("orders", site="nowhere")], EVERYTHING)
    assert [reading.error.code if reading.error else None for reading in readings] == [
        "mixed_currency",
        None,
        "not_found",
    ]
    assert readings[1].answer is not None


# Invalidated by pattern.


def test_an_invalidation_names_its_topics_and_touches_no_others(make_world: Callable[..., World]) -> None:
    world = make_world(main={}, bar={})
    asked = [query("revenue", site="main"), query("revenue", site="bar"), query("orders", site="main")]

    def statuses() -> list[str]:
        return [reading.cache_status for reading in world.snapshots.read(asked, EVERYTHING)]

    statuses()
    assert statuses() == ["cached"] * 3
    assert world.snapshots.invalidate("revenue@*", scope()) == {"revenue@main", "revenue@bar"}
    assert statuses() == ["fresh", "fresh", "cached"]
    assert world.snapshots.invalidate("*@main", scope()) >= {"revenue@main", "orders@main", "low_stock_items@main"}
    assert statuses() == ["fresh", "cached", "fresh"]
    assert world.snapshots.invalidate("nothing@main", scope()) == frozenset()
    assert statuses() == ["cached"] * 3


def test_the_topics_of_a_query_are_those_that_its_scope_reaches(make_world: Callable[..., World]) -> None:
    world = make_world(main={}, bar={})
    assert world.snapshots.topics(REVENUE, EVERYTHING) == {"revenue@main", "revenue@bar"}
    assert world.snapshots.topics(REVENUE, scope(sites=["bar"])) == {"revenue@bar"}
    with pytest.raises(Forbidden):
        world.snapshots.topics(query("revenue", site="main"), scope(sites=["bar"]))


# Stale only when the store cannot be read.


def test_what_was_known_is_given_as_stale_while_the_store_cannot_be_read(
    shop: World, broken: Callable[[World], Any]
) -> None:
    shop.post([order("1", "10.00")])
    known = read(shop, REVENUE)
    shop.now += 3 * DAY  # long out of date
    with broken(shop):
        stale, unknown = shop.snapshots.read([REVENUE, query("orders")], EVERYTHING)
        (others,) = shop.snapshots.read([REVENUE], scope(sites=["main"]))
    assert (stale.cache_status, stale.answer, stale.as_of) == ("stale", known.answer, known.as_of)
    assert isinstance(unknown.error, StoreUnavailable)
    assert isinstance(others.error, StoreUnavailable)
    assert read(shop, REVENUE).cache_status == "fresh"
    assert served(shop)[2] == 1


def test_as_long_as_the_store_can_be_read_nothing_is_stale(shop: World) -> None:
    for step in range(200):
        shop.post([order(str(step))]) if step % 3 == 0 else None
        shop.now += (step % 7) * 10 * SECOND
        assert read(shop, REVENUE).cache_status in ("fresh", "cached")
    assert served(shop)[2] == 0


# Never another scope's.


def test_two_scopes_that_see_different_figures_never_share_an_answer(make_world: Callable[..., World]) -> None:
    world = make_world(main={}, bar={})
    world.post([order("1", "1.00", staff_id="7"), order("2", "2.00", staff_id="8"), order("1", "4.00", site="bar")])
    expected = [
        (EVERYTHING, 7), (scope(sites=["main"]), 3), (scope(sites=["bar"]), 4), (scope(sites=["main", "bar"]), 7),
        (scope(staff_id="7"), 1), (scope(staff_id="8"), 2), (scope(staff_id="7", sites=["bar"]), 0),
        (scope("view_dashboard", "view_staff", sites=["main"]), 3),
    ]  # fmt: skip
    for turn in range(3):
        for whose, value in expected if turn != 1 else reversed(expected):
            assert total(world, "revenue", scope=whose) == value
    assert served(world)[1] == len(expected)


def test_a_role_that_is_taken_away_counts_at_once(shop: World) -> None:
    shop.post([order("1", staff_id="7")])
    assert answer(shop, "revenue", "staff", scope=scope("view_dashboard", "view_staff")).groups
    with pytest.raises(Forbidden):
        answer(shop, "revenue", "staff", scope=scope("view_dashboard"))


# Time alone changes answers too.


@pytest.mark.parametrize(
    ("asked", "still", "turned"),
    [
        (query("revenue", range="today"), 29, 31),  # midnight
        (query("revenue", "minute", range="last_60_minutes"), 29, 31),
        (query("revenue", "staff"), 59, 61),  # only the time that an answer is kept at all
        (query("revenue", range="today", now="2026-03-02T12:00:00Z"), 59, 61),
        (query("revenue", range={"from": "2026-03-02T00:00:00Z", "to": "2026-03-02T23:59:40Z"}), 9, 11),
        (query("revenue", compare="same_period_last_year"), 4, 6),
    ],
)
def test_an_answer_is_kept_until_time_could_change_it(shop: World, asked: Any, still: int, turned: int) -> None:
    shop.now = at("2026-03-02T23:59:30Z")
    begun, first = shop.now, read(shop, asked)
    shop.now = begun + still * SECOND
    kept = read(shop, asked)
    assert (kept.cache_status, kept.as_of) == ("cached", first.as_of)
    shop.now = begun + turned * SECOND
    anew = read(shop, asked)
    assert (anew.cache_status, anew.as_of) == ("fresh", first.as_of if asked.now else shop.now)


def test_today_is_empty_as_soon_as_the_day_has_turned(shop: World) -> None:
    shop.now = at("2026-03-02T23:59:59Z")
    shop.post([order("1", "10.00", "2026-03-02T23:00:00Z")])
    assert total(shop, "revenue", range="today") == 10
    shop.now += SECOND
    assert total(shop, "revenue", range="today") == 0


def test_an_event_from_a_clock_that_runs_ahead_comes_into_view_when_its_time_comes(shop: World) -> None:
    shop.now = at("2026-03-02T12:00:00Z")
    shop.post([order("1", "10.00", "2026-03-02T12:00:20Z")])
    assert total(shop, "revenue", range="today") == 0
    shop.now += 20 * SECOND
    assert total(shop, "revenue", range="today") == 10


def test_the_time_to_live_is_the_longest_that_an_answer_is_kept(shop: World) -> None:
    fleeting = Snapshots(shop.store, shop.snapshots._cache, lambda: shop.now, 0)
    statuses = [fleeting.read([REVENUE], EVERYTHING)[0].cache_status for _ in range(3)]
    assert statuses == ["fresh"] * 3
    shop.now += MINUTE
    assert read(shop, REVENUE).cache_status == "fresh"


def test_figures_that_take_long_leave_connections_to_everything_else(
    shop: World, computing: Callable[[Callable[[], None]], None]
) -> None:
    over = threading.Event()
    computing(lambda: over.wait(WAIT))  # type: ignore[arg-type]
    asked = [query("revenue", range={**MARCH, "from": f"2026-02-{day:02}T00:00:00Z"}) for day in range(1, 29)]
    asked += [query("orders", range=one.range) for one in asked]
    with ThreadPoolExecutor(len(asked)) as pool:
        readings = [pool.submit(read, shop, one) for one in asked]
        until(lambda: shop.store.engine.pool.checkedout() >= READERS_AT_ONCE)  # type: ignore[attr-defined]
        begun = time.monotonic()
        for _ in range(20):
            with shop.store.reading() as connection:
                connection.exec_driver_sql("SELECT 1")
        assert time.monotonic() - begun < 1
        over.set()
        assert {reading.result().cache_status for reading in readings} == {"fresh"}
