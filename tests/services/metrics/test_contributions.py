"""What a fact adds to which cells: the arithmetic, without a store."""

from __future__ import annotations

import pytest

from services.clock import HOUR, MINUTE
from services.events.facts import Action, Line, Order, Payment, Refund
from services.metrics import contributions
from services.metrics.business_time import Calendar
from services.metrics.catalogue import MEASURES
from services.metrics.contributions import Contribution, OrderState
from services.metrics.deltas import Deltas
from tests.services.samples import at

NOON = at("2026-03-02T12:00:00Z")


def an_order(total: int = 5_000, *lines: Line, when: int = NOON, **rest: object) -> Order:
    values = {
        "order_id": "1", "stamp": (when, "e", "till"), "total": total, "discount": 0, "tax": 0, "tip": 0,
        "items": 3_000, "staff_id": "7", "customer_id": None, "channel": None, "payment_method": "card",
        "order_size": "large", "lines": lines, **rest,
    }  # fmt: skip
    return Order(**values)  # type: ignore[arg-type]


def refund(name: str, asked: int | None, when: int = NOON) -> Refund:
    return Refund("1", (when, name, "till"), asked)


def named(found: list[Contribution]) -> dict[tuple[str, str], dict[str, int]]:
    """{(dimension, value): {measure: amount}}; a cell twice would be a fault."""
    cells = [
        (value, {MEASURES[place]: amount for place, amount in zip(places, amounts, strict=True) if amount})
        for _, places, amounts, values in found
        for value in values
    ]
    assert len(dict(cells)) == len(cells)
    return dict(cells)


def test_an_order_adds_itself_to_the_total_and_to_one_value_of_each_dimension() -> None:
    cells = named(list(contributions.of_order(an_order(tip=400), "guest")))
    whole = {"orders": 1, "revenue": 5_000, "items": 3_000, "tips": 400}
    rest = {"lines": 1, "revenue": 5_000, "items": 3_000}
    assert cells == {
        ("", ""): whole, ("staff", "7"): whole, ("customer_type", "guest"): whole, ("order_size", "large"): whole,
        ("channel", ""): whole, ("payment_method", "card"): whole,
        ("product", "(unallocated)"): rest, ("category", "(unallocated)"): rest,
    }  # fmt: skip


def test_lines_add_up_by_product_and_by_category_and_an_order_is_counted_once_in_each() -> None:
    lines = (Line("Cola", "Drinks", 1_000, 300), Line("Tea", "Drinks", 2_000, 500), Line("Cola", None, 500, 200))
    cells = named(list(contributions.of_order(an_order(1_000, *lines), "new")))
    assert cells["product", "Cola"] == {"orders": 1, "lines": 2, "revenue": 500, "items": 1_500}
    assert cells["category", "Drinks"] == {"orders": 1, "lines": 2, "revenue": 800, "items": 3_000}
    assert cells["category", ""] == {"orders": 1, "lines": 1, "revenue": 200, "items": 500}
    assert ("product", "(unallocated)") not in cells


@pytest.mark.parametrize(
    ("refunds", "booked"),
    [
        ([("a", None)], {"a": (5_000, True)}),
        ([("a", 1_000)], {"a": (1_000, False)}),
        ([("a", 1_000), ("b", None)], {"a": (1_000, False), "b": (4_000, True)}),
        ([("a", 6_000), ("b", None)], {"a": (6_000, False), "b": (0, True)}),
        ([("b", None), ("a", None)], {"a": (5_000, True), "b": (None, False)}),
    ],
)
def test_what_cancellations_book(refunds: list[tuple[str, int | None]], booked: dict[str, object]) -> None:
    state = OrderState("1")
    for fact in (*(refund(name, asked) for name, asked in refunds), an_order()):
        state.hear(fact)
    assert {b.refund.stamp[1]: (b.booked, b.cancels) for b in state.bookings()} == booked


def test_nothing_but_explicit_amounts_is_booked_until_the_order_is_there() -> None:
    state = OrderState("1")
    state.hear(refund("a", None))
    state.hear(refund("b", 700))
    cells = named(state.contributions())
    assert cells[("staff", "")] == {"refunds": 700, "refund_count": 1}
    assert len(cells) == 4


def test_a_copy_of_a_state_hears_nothing_of_the_other() -> None:
    state = OrderState("1")
    state.hear(refund("a", 700))
    copy = state.copy()
    copy.hear(refund("b", 700))
    copy.hear(an_order())
    assert (len(state.refunds), state.order) == (1, None)


@pytest.mark.parametrize(
    ("status", "amounts"),
    [("success", {"payments": 1, "payment_amount": 900}), ("failed", {"payment_failures": 1}), ("refunded", None)],
)
def test_a_payment_counts_by_how_it_ended(status: str, amounts: dict[str, int] | None) -> None:
    paid = Payment("t", (NOON, "e", "till"), "1", "card", 900, status)
    expected = {} if amounts is None else {("", ""): amounts, ("payment_method", "card"): amounts}
    assert named(list(contributions.of_payment(paid))) == expected


def test_an_action_counts_by_who_and_what() -> None:
    action = Action("staff_action", (NOON, "e", "till"), staff_id="7", action_type="login")
    one = {"staff_actions": 1}
    expected = {("", ""): one, ("staff", "7"): one, ("action_type", "login"): one}
    assert named(list(contributions.of_action(action))) == expected


# Deltas: contributions summed into cells.


def deltas(*, tz: str = "UTC", turn: str = "00:00", minutes_from: int = 0, built_before: str | None = None) -> Deltas:
    return Deltas(Calendar(tz, turn), minutes_from, built_before)


def revenue(amount: int, when: int = NOON) -> list[Contribution]:
    return [(when, (contributions.REVENUE,), (amount,), (contributions.TOTAL,))]


def test_old_contributions_go_and_new_ones_come() -> None:
    found = deltas()
    found.change(revenue(300), revenue(500))
    assert [cell[contributions.REVENUE] for cell in found.hours.values()] == [200]
    assert [cell[contributions.REVENUE] for cell in found.minutes.values()] == [200]
    assert found.measures() == {"revenue"}


def test_an_hour_that_the_day_s_turn_cuts_is_two_cells() -> None:
    found = deltas(turn="04:30")
    four = at("2026-03-02T04:00:00Z")
    found.change((), [*revenue(1, four + 29 * MINUTE), *revenue(2, four + 30 * MINUTE), *revenue(4, four + HOUR)])
    assert {key[1:3]: cell[contributions.REVENUE] for key, cell in found.hours.items()} == {
        (four, "2026-03-01"): 1, (four, "2026-03-02"): 2, (four + HOUR, "2026-03-02"): 4,
    }  # fmt: skip
    assert {key[1]: cell[contributions.REVENUE] for key, cell in found.days().items()} == {
        "2026-03-01": 1, "2026-03-02": 6,
    }  # fmt: skip


def test_minutes_that_are_not_kept_and_days_that_are_being_built_are_left_out_but_their_measures_told() -> None:
    found = deltas(minutes_from=NOON, built_before="2026-03-02")
    found.change((), [*revenue(1, NOON), *revenue(2, NOON - 24 * HOUR)])
    assert {key[2] for key in found.hours} == {"2026-03-01"}
    assert not found.minutes
    found = deltas(built_before="2026-03-02")
    found.change((), revenue(1))
    assert (found.hours, found.measures()) == ({}, {"revenue"})


def test_customers_are_counted_by_business_day() -> None:
    found = deltas(tz="Asia/Tokyo", built_before="2026-03-03")
    found.count_customer(NOON, "c", [("", ""), ("staff", "7")], 1)
    found.count_customer(NOON + 4 * HOUR, "c", [("", "")], 1)  # the 3rd in Tokyo: not built yet
    found.count_customer(NOON, "c", [("staff", "7")], -1)
    assert dict(found.customers) == {("", "2026-03-02", "", "c"): 1, ("staff", "2026-03-02", "7", "c"): 0}
