"""What events do to figures, worked out by hand: corrections, cancellations, payments, stock, first orders."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from itertools import permutations

import pytest

from tests.properties.world import World
from tests.services.samples import Json, answer, cancelled, event, groups, line, order, payment, stock, total, totals

pytestmark = pytest.mark.stores("sqlite", "postgresql")

MON, TUE, WED, THU = (f"2026-03-0{day}T12:00:00Z" for day in (2, 3, 4, 5))


@pytest.fixture
def shop(shop: World) -> Iterator[World]:
    """Whatever a test does, the rollups equal a recount at its end."""
    yield shop
    assert shop.differences() == []


def post(world: World, *events: Json) -> None:
    """One after the other, each in a transaction of its own."""
    for one in events:
        assert world.post([one]) == {"accepted": 1}


def by_day(world: World, metric: str) -> dict[str, str]:
    return {label[-2:]: str(value) for label, value in groups(world, metric, "day").items()}


# Orders and their corrections.


def test_an_order_counts_in_every_figure_of_its_day(shop: World) -> None:
    money = {"discount_amount": "1.00", "tax_amount": "3.40", "tip_amount": "4.00"}
    post(shop, order("1", "42.50", MON, **money, items=[line("Margherita", "26.00", 2), line("Cola", "9.50", 1.5)]))
    assert totals(shop, "revenue", "net_revenue", "discounts", "tax", "tips") == [
        "42.50",
        "42.50",
        "1.00",
        "3.40",
        "4.00",
    ]
    assert totals(shop, "orders", "items_sold", "items_per_order") == ["1", "3.5", "3.5000"]
    assert groups(shop, "revenue", "product") == {
        "Margherita": Decimal("26.00"), "Cola": Decimal("9.50"), "(unallocated)": Decimal("7.00"),
    }  # fmt: skip
    assert groups(shop, "items_sold", "category") == {None: Decimal("3.5")}


def test_lines_worth_more_than_the_total_leave_a_negative_rest(shop: World) -> None:
    post(shop, order("1", "10.00", MON, items=[line("Cola", "12.00"), line("Cola", "1.00")]))
    assert groups(shop, "revenue", "product") == {"Cola": Decimal("13.00"), "(unallocated)": Decimal("-3.00")}
    assert groups(shop, "orders", "product") == {"Cola": 1}


def test_a_correction_takes_the_place_of_the_order_also_on_another_day(shop: World) -> None:
    post(shop, order("1", "10.00", MON, channel="web", items=[line("Cola", "4.00"), line("Greek", "6.00")]))
    post(shop, order("1", "12.00", TUE, channel="dine_in", items=[line("Cola", "5.00")]))
    assert by_day(shop, "revenue") == {"03": "12.00"}
    assert groups(shop, "orders", "channel") == {"dine_in": 1}
    assert groups(shop, "revenue", "product") == {"(unallocated)": Decimal("7.00"), "Cola": Decimal("5.00")}


def test_an_older_word_that_comes_late_changes_nothing(shop: World) -> None:
    post(shop, order("1", "12.00", TUE), order("1", "10.00", MON))
    assert by_day(shop, "revenue") == {"03": "12.00"}


@pytest.mark.parametrize("turned", [False, True])
def test_at_one_instant_the_greater_id_wins_then_the_greater_source(shop: World, turned: bool) -> None:
    words = [
        order("1", "1.00", id="Z", source="till"), order("1", "2.00", id="a", source="app"),
        order("1", "3.00", id="a", source="till"), order("1", "4.00", id="10", source="zoo"),
    ]  # fmt: skip
    post(shop, *(reversed(words) if turned else words))
    assert totals(shop, "revenue", "orders") == ["3.00", "1"]


def test_a_correction_within_the_hour_is_announced_and_seen(shop: World) -> None:
    quarter = {"range": {"from": "2026-03-02T12:00:00Z", "to": "2026-03-02T12:15:00Z"}}
    post(shop, order("1", "10.00", MON))
    assert total(shop, "revenue", **quarter) == 10
    post(shop, order("1", "10.00", "2026-03-02T12:20:00Z"))
    assert {"revenue@main", "orders@main", "customers@main"} <= set(shop.published[-1][0])
    assert total(shop, "revenue", **quarter) == 0


def test_a_correction_announces_only_what_it_changes(shop: World) -> None:
    post(shop, order("1", "10.00", MON, tip_amount="1.00"), order("1", "10.00", MON, id="zz", tip_amount="2.00"))
    assert set(shop.published[-1][0]) == {"tips@main"}


# Cancellations and refunds.


def test_cancelling_gives_the_whole_back_on_the_day_of_the_cancellation(shop: World) -> None:
    post(shop, order("1", "50.00", MON, staff_id="7", customer_id="c"), cancelled("1", WED))
    assert by_day(shop, "refunds") == {"04": "50.00"}
    assert by_day(shop, "cancellations") == {"04": "1"}
    assert by_day(shop, "net_revenue") == {"02": "50.00", "04": "-50.00"}
    assert groups(shop, "refunds", "staff") == {"7": Decimal("50.00")}
    assert totals(shop, "orders", "revenue", "customers", "cancellation_rate") == ["1", "50.00", "1", "1.0000"]


def test_a_cancellation_that_comes_before_its_order_waits_for_it(shop: World) -> None:
    post(shop, cancelled("1", WED))
    assert totals(shop, "refunds", "cancellations") == ["0.00", "0"]
    post(shop, order("1", "50.00", MON, channel="web"))
    assert by_day(shop, "refunds") == {"04": "50.00"}
    assert groups(shop, "cancellations", "channel") == {"web": 1}


def test_of_several_cancellations_the_earliest_counts_whichever_came_first(shop: World) -> None:
    post(shop, order("1", "50.00", MON), cancelled("1", WED), cancelled("1", THU))
    assert by_day(shop, "refunds") == {"04": "50.00"}
    post(shop, cancelled("1", TUE))
    assert by_day(shop, "refunds") == {"03": "50.00"}
    assert total(shop, "cancellations") == 1


def test_partial_refunds_count_when_they_happened_and_cancelling_gives_back_the_rest(shop: World) -> None:
    post(shop, order("1", "50.00", MON), cancelled("1", TUE, "10.00"), cancelled("1", WED, "15.00"))
    assert by_day(shop, "refunds") == {"03": "10.00", "04": "15.00"}
    assert total(shop, "cancellations") == 0
    post(shop, cancelled("1", THU))
    assert by_day(shop, "refunds") == {"03": "10.00", "04": "15.00", "05": "25.00"}
    post(shop, cancelled("1", WED, "30.00"))
    assert by_day(shop, "refunds") == {"03": "10.00", "04": "45.00"}
    assert totals(shop, "cancellations", "net_revenue") == ["1", "-5.00"]


def test_a_partial_refund_needs_no_order_and_takes_its_staff_once_it_is_there(shop: World) -> None:
    post(shop, cancelled("1", TUE, "10.00"))
    assert groups(shop, "refunds", "staff") == {None: Decimal("10.00")}
    post(shop, order("1", "50.00", MON, staff_id="7", payment_method="card"))
    assert groups(shop, "refunds", "staff") == {"7": Decimal("10.00")}
    post(shop, order("1", "50.00", MON, id="zz", staff_id="8", payment_method="cash"))
    assert groups(shop, "refunds", "staff") == {"8": Decimal("10.00")}
    assert groups(shop, "refunds", "payment_method") == {"cash": Decimal("10.00")}


def test_what_a_cancellation_gives_back_follows_a_correction(shop: World) -> None:
    post(shop, order("1", "50.00", MON), cancelled("1", TUE, "10.00"), cancelled("1", WED), order("1", "30.00", TUE))
    assert by_day(shop, "refunds") == {"03": "10.00", "04": "20.00"}


def test_the_order_of_arrival_never_matters(make_world: Callable[..., World]) -> None:
    events = [order("1", "50.00", MON), order("1", "40.00", TUE), cancelled("1", THU), cancelled("1", WED, "15.00")]
    for arrival in permutations(events):
        world = make_world(main={})
        post(world, *arrival)
        assert totals(world, "revenue", "refunds", "cancellations", "orders") == ["40.00", "40.00", "1", "1"]
        assert by_day(world, "refunds") == {"04": "15.00", "05": "25.00"}
        assert world.differences() == []


# Payments.


def test_payments_are_one_for_each_transaction_refunded_or_not(shop: World) -> None:
    post(shop, payment("20.00", "failed", MON, transaction_id="t"))
    assert totals(shop, "payments", "payment_failures", "payment_success_rate") == ["0", "1", "0.0000"]
    post(shop, payment("20.00", "success", TUE, transaction_id="t"))
    assert totals(shop, "payments", "payment_amount", "payment_failures", "payment_success_rate") == [
        "1",
        "20.00",
        "0",
        "1.0000",
    ]
    post(
        shop, payment("20.00", "refunded", WED, transaction_id="t"), payment("20.00", "failed", MON, transaction_id="t")
    )
    assert totals(shop, "payments", "payment_amount", "payment_failures", "refunds") == ["1", "20.00", "0", "0.00"]


def test_payments_without_a_transaction_each_count(shop: World) -> None:
    post(shop, *(payment("5.00") for _ in range(2)), payment("7.00", "failed", payment_method="cash"))
    assert totals(shop, "payments", "payment_amount", "payment_success_rate") == ["2", "10.00", "0.6667"]
    assert groups(shop, "payment_success_rate", "payment_method") == {"card": Decimal(1)}


def test_no_payment_at_all_has_no_success_rate(shop: World) -> None:
    assert total(shop, "payment_success_rate") is None


# Stock, actions, and who was first.


def test_stock_is_low_while_the_last_quantity_is_at_or_under_its_level(shop: World) -> None:
    post(
        shop, stock("Flour", 10, MON, reorder_level=3), stock("Salt", 1, MON, reorder_level=1), stock("Oil", 0, MON),
        stock("Flour", 3, WED),
    )  # fmt: skip
    assert groups(shop, "low_stock_items", "product") == {"Flour": 1, "Salt": 1}
    states = {label[-2:]: value for label, value in groups(shop, "low_stock_items", "day").items()}
    assert (states.get("01"), states["02"], states["03"], states["04"], states["31"]) == (None, 1, 1, 2, 2)
    post(shop, stock("Salt", "5", THU))
    assert groups(shop, "low_stock_items", "product") == {"Flour": 1}


def test_a_late_word_about_stock_belongs_where_it_happened(shop: World) -> None:
    post(shop, stock("Flour", 9, WED, reorder_level=3), stock("Flour", 1, MON, reorder_level=3))
    assert total(shop, "low_stock_items") == 0
    assert {label[-2:] for label in groups(shop, "low_stock_items", "day")} == {"02", "03"}


def test_actions_and_system_events_are_counted_by_what_they_are(shop: World) -> None:
    post(
        shop,
        event("staff_action", {"staff_id": 7, "action_type": "login"}),
        event("staff_action", {"staff_id": 8, "action_type": "login"}),
        event("customer_action", {"customer_id": "c", "action_type": "sign_up"}),
        event("system_event", {"event_type": "x", "message": "", "severity": "high"}),
    )
    assert groups(shop, "staff_actions", "action_type") == {"login": 2}
    assert groups(shop, "staff_actions", "staff") == {"7": 1, "8": 1}
    assert groups(shop, "customer_actions", "action_type") == {"sign_up": 1}
    assert groups(shop, "system_events", "severity") == {"high": 1}
    assert total(shop, "orders") == 0


def kinds(world: World) -> dict[str, dict[str, int]]:
    """{customer_type: {day: orders}}."""
    found: dict[str, dict[str, int]] = {}
    for group in answer(world, "orders", "customer_type", "day").groups:
        if group.value:
            found.setdefault(str(group.labels[0]), {})[str(group.labels[1])[-2:]] = int(group.value)
    return found


def test_a_customer_s_first_order_may_move(shop: World) -> None:
    post(shop, order("A", when=TUE, customer_id="c"), order("B", when=THU, customer_id="c"), order("G", when=MON))
    assert kinds(shop) == {"new": {"03": 1}, "returning": {"05": 1}, "guest": {"02": 1}}
    post(shop, order("C", when=MON, customer_id="c"))  # an earlier one is heard of
    assert kinds(shop) == {"new": {"02": 1}, "returning": {"03": 1, "05": 1}, "guest": {"02": 1}}
    post(shop, order("C", when=WED, customer_id="d"))  # it was somebody else's, and later
    assert kinds(shop) == {"new": {"03": 1, "04": 1}, "returning": {"05": 1}, "guest": {"02": 1}}
    post(shop, order("A", when="2026-03-06T12:00:00Z", customer_id="c"))
    assert kinds(shop) == {"new": {"05": 1, "04": 1}, "returning": {"06": 1}, "guest": {"02": 1}}
    post(shop, order("B", when="2026-03-06T13:00:00Z"))  # it was a guest's
    assert kinds(shop) == {"new": {"06": 1, "04": 1}, "guest": {"02": 1, "06": 1}}


def test_of_two_first_orders_at_one_instant_the_lesser_id_is_the_first(shop: World) -> None:
    post(shop, order("b", when=MON, customer_id="c", channel="b"), order("a", when=MON, customer_id="c", channel="a"))
    assert groups(shop, "orders", "channel", filters={"customer_type": ["new"]}) == {"a": 1}


def test_a_customer_is_new_at_each_site_and_once_over_both(make_world: Callable[..., World]) -> None:
    world = make_world(main={}, bar={})
    post(world, order("1", when=MON, customer_id="c"), order("1", when=TUE, customer_id="c", site="bar"))
    assert groups(world, "orders", "customer_type") == {"new": 2}
    late = {"range": {"from": TUE, "to": THU}}
    assert [total(world, name, **late) for name in ("customers", "new_customers", "returning_customers")] == [1, 0, 1]
    assert total(world, "new_customers", site="bar", **late) == 1
    assert total(world, "customers") == 1
