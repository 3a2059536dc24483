"""Verifying finds whatever differs, and calls nothing a difference that is none."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from sqlalchemy import text

from services.metrics.verify import Verdict, verify
from tests.properties.world import EVERYTHING, World
from tests.services.samples import cancelled, event, line, order, payment

pytestmark = pytest.mark.stores("sqlite", "postgresql")


@pytest.fixture
def shop(shop: World) -> World:
    """Ten days of May with something of everything."""
    for day in range(10, 20):
        when = f"2026-05-{day}T12:30:00Z"
        sold = order(str(day), "10.00", when, customer_id=f"c{day % 3}", staff_id="7",
                     items=[line("Cola", "4.00", 2), line("Chips", "5.00")])  # fmt: skip
        paid = payment("10.00", when=when, transaction_id=f"t{day}")
        shop.post([sold, paid, event("staff_action", {"staff_id": 7, "action_type": "x"}, when)])
    shop.post([cancelled("12", "2026-05-13T08:00:00Z"), cancelled("13", "2026-05-13T08:00:00Z", "1.00")])
    assert shop.differences() == []
    return shop


def plant(world: World, change: str) -> None:
    with world.store.writing() as connection:
        assert connection.execute(text(change)).rowcount >= 1


SPOILT = [
    ("UPDATE rollup_day SET revenue = revenue + 1 WHERE dimension = 'staff' AND business_date = '2026-05-14'",
     "rollup_day", "revenue"),
    ("DELETE FROM rollup_hour WHERE dimension = '' AND business_date = '2026-05-15'", "rollup_hour", "orders"),
    ("UPDATE rollup_minute SET payments = 5", "rollup_minute", "payments"),
    ("UPDATE customer_day SET orders = 2 WHERE business_date = '2026-05-14'", "customer_day", "orders"),
    ("INSERT INTO rollup_day (site, dimension, business_date, value, tips) VALUES ('main', '', '2031-01-01', '', 1)",
     "rollup_day", "tips"),
    ("INSERT INTO customer_day VALUES ('main', 'moon', '2026-05-14', '', 'c', 1)", "customer_day", "orders"),
    ("UPDATE rollup_hour SET hour = hour + 86400000000 WHERE business_date = '2026-05-14'", "rollup_hour", "revenue"),
    ("UPDATE orders SET total = total + 1 WHERE order_id = '14'", "rollup_day", "revenue"),
    ("UPDATE orders SET customer_type = 'returning' WHERE order_id = '11'", "orders", "customer_type"),
    ("UPDATE customers SET first_at = first_at + 1 WHERE customer_id = 'c1'", "customers", "first_at"),
    ("DELETE FROM customers WHERE customer_id = 'c1'", "customers", "first_at"),
    ("DELETE FROM order_lines WHERE order_id = '14' AND position = 1", "orders", "lines"),
    ("UPDATE order_lines SET amount = amount + 1 WHERE order_id = '14'", "orders", "lines_amount"),
    ("UPDATE order_lines SET occurred_at = occurred_at + 1 WHERE order_id = '14'", "order_lines", "occurred_at"),
    ("UPDATE refunds SET booked = 1 WHERE order_id = '12'", "refunds", "booked"),
    ("UPDATE refunds SET cancels = 0 WHERE order_id = '12'", "refunds", "cancels"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "table", "measure"), SPOILT)
def test_whatever_differs_is_found(shop: World, change: str, table: str, measure: str) -> None:
    plant(shop, change)
    found = verify(shop.store).differences
    assert (table, measure) in {(difference.table, difference.measure) for difference in found}
    assert all(difference.expected != difference.found for difference in found)


def test_a_sample_compares_that_many_days_and_the_same_ones_for_the_same_seed(shop: World) -> None:
    plant(shop, "UPDATE rollup_day SET revenue = revenue + 1 WHERE dimension = '' AND business_date = '2026-05-14'")

    def look(seed: int) -> tuple[Verdict, list[tuple[int, int]]]:
        told: list[tuple[int, int]] = []
        return verify(shop.store, lambda done, all_: told.append((done, all_)), sample=3, seed=seed), told

    looks = {seed: look(seed) for seed in range(20)}
    assert all(verdict.days == 3 and told == [(1, 3), (2, 3), (3, 3)] for verdict, told in looks.values())
    assert {len(verdict.differences) for verdict, _ in looks.values()} == {0, 1}
    assert look(7) == looks[7]


def test_a_sample_greater_than_all_there_is_compares_all(shop: World) -> None:
    assert verify(shop.store, sample=1_000).days == verify(shop.store).days >= 10


def test_an_empty_store_has_no_differences(make_world: Callable[..., World]) -> None:
    world = make_world(main={})
    assert verify(world.store) == verify(world.store, sample=5) == Verdict([], 0, 0, 0, ())


def test_a_site_whose_rollups_are_being_built_is_told_and_not_compared(shop: World) -> None:
    plant(shop, "UPDATE sites SET built_before = '0001-01-01'")
    verdict = verify(shop.store)
    assert (verdict.differences, verdict.days, verdict.rebuilding) == ([], 0, ("main",))


def test_it_is_right_while_events_are_taken_in(shop: World) -> None:
    stop, posted = threading.Event(), 0

    def post() -> None:
        nonlocal posted
        while not stop.is_set():
            posted += 1
            shop.post([order(f"n{posted}", "1.00", f"2026-05-{10 + posted % 10}T13:00:00Z", customer_id="c")])

    till = threading.Thread(target=post)
    till.start()
    try:
        verdicts = [verify(shop.store) for _ in range(8)]
    finally:
        stop.set()
        till.join()
    assert posted > 8
    assert [verdict.differences for verdict in verdicts] == [[]] * 8


KEYS = [
    ("UPDATE order_keys SET occurred_at = occurred_at + 1 WHERE order_id = '14'", "order_keys", "occurred_at"),
    ("DELETE FROM order_keys WHERE order_id = '14'", "order_keys", "occurred_at"),
    ("UPDATE order_keys SET refunded = 0 WHERE order_id = '12'", "order_keys", "refunded"),
    ("UPDATE order_keys SET refunded = 1 WHERE order_id = '14'", "order_keys", "refunded"),
    ("DELETE FROM payment_keys WHERE payment_key LIKE '%t14%'", "payment_keys", "occurred_at"),
    ("INSERT INTO payment_keys VALUES ('main', 'x', 1)", "payment_keys", "occurred_at"),
    ("INSERT INTO orders SELECT site, order_id, source, event_id, occurred_at + 60000000, staff_id, customer_id, "
     "channel, payment_method, customer_type, order_size, total, discount, tax, tip, items, lines, lines_amount "
     "FROM orders WHERE order_id = '14'", "orders", "order_id"),
    ("INSERT INTO payments SELECT site, payment_key, source, event_id, occurred_at + 60000000, order_id, "
     "payment_method, amount, status FROM payments LIMIT 1", "payments", "payment_key"),
    ("DELETE FROM event_keys WHERE id IN (SELECT id FROM events LIMIT 1)", "event_keys", "digest"),
    ("UPDATE events SET body = '{}' WHERE id IN (SELECT id FROM events LIMIT 1)", "event_keys", "digest"),
]  # fmt: skip


@pytest.mark.stores("postgresql")
@pytest.mark.parametrize(("change", "table", "measure"), KEYS)
def test_keys_that_contradict_the_partitions_are_found(shop: World, change: str, table: str, measure: str) -> None:
    plant(shop, change)
    assert (table, measure) in {(difference.table, difference.measure) for difference in verify(shop.store).differences}


@pytest.mark.stores("postgresql")
def test_accepted_events_that_wait_are_told_and_are_no_difference(shop: World) -> None:
    late = [order("late", when="2026-05-14T12:00:00Z"), payment("1.00", when="2026-05-14T12:00:00Z")]
    shop.intake.accept(late, scope=EVERYTHING, source="till")
    verdict = verify(shop.store)
    assert (verdict.differences, verdict.waiting) == ([], 2)
    shop.settle()
    verdict = verify(shop.store)
    assert (verdict.differences, verdict.waiting) == ([], 0)
