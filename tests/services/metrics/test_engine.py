"""What a query is answered with: order, limits, comparison, open and empty buckets, and what a scope may see."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from pydantic import ValidationError
from sqlalchemy import text

from services.errors import Forbidden, InvalidRequest, MixedCurrency, NotFound
from services.metrics.answer import Group
from services.metrics.query import Query
from tests.properties.world import World
from tests.services.samples import answer, at, event, groups, line, order, payment, query, scope, stock, total

pytestmark = pytest.mark.stores("sqlite", "postgresql")

STAFF = {"ann": "30.00", "bob": "10.00", "cid": "30.00", "dan": "5.00", None: "30.00"}
VIEWER = scope("view_dashboard")
ANALYST = scope("view_dashboard", "view_staff")


@pytest.fixture
def staffed(shop: World) -> World:
    """One order for each member of staff, and one without."""
    shop.post(order(str(number), value, staff_id=who) for number, (who, value) in enumerate(STAFF.items()))
    return shop


def labels(world: World, metric: str, *group_by: str, **rest: object) -> list[str | None]:
    return [group.labels[0] for group in answer(world, metric, *group_by, **rest).groups]


def test_a_filter_of_more_values_than_a_statement_takes_is_refused() -> None:
    assert query("revenue", filters={"channel": [str(number) for number in range(1_000)]})
    with pytest.raises(ValidationError):
        query("revenue", filters={"channel": [str(number) for number in range(1_001)]})


# Order and limit.


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (None, ["ann", "cid", None, "bob", "dan"]),
        ("-value", ["ann", "cid", None, "bob", "dan"]),
        ("value", ["dan", "bob", "ann", "cid", None]),
        ("label", ["ann", "bob", "cid", "dan", None]),
        ("-label", ["dan", "cid", "bob", "ann", None]),
    ],
)
def test_groups_come_in_the_order_asked_for_and_ties_by_label(
    staffed: World, asked: str | None, expected: list[str | None]
) -> None:
    assert labels(staffed, "revenue", "staff", order=asked) == expected


@pytest.mark.parametrize(("asked", "days"), [("value", ["03", "02", "01"]), ("-value", ["02", "03", "01"])])
def test_what_has_no_value_comes_last(shop: World, asked: str, days: list[str]) -> None:
    shop.post([order("1", "9.00", "2026-03-02T12:00:00Z"), order("2", "5.00", "2026-03-03T12:00:00Z")])
    three = {"from": "2026-03-01T00:00:00Z", "to": "2026-03-04T00:00:00Z"}
    found = labels(shop, "average_order_value", "day", range=three, order=asked)
    assert [str(label)[-2:] for label in found] == days


def test_a_limit_leaves_the_rest_to_other(staffed: World) -> None:
    found = answer(staffed, "revenue", "staff", limit=2)
    assert [group.labels for group in found.groups] == [("ann",), ("cid",)]
    assert found.other == Group(("Other",), Decimal("45.00"))
    assert (found.total, found.total_groups) == (Decimal("105.00"), 5)
    assert answer(staffed, "revenue", "staff", limit=5).other is None


def test_other_of_averages_and_of_customers_is_not_a_sum(shop: World) -> None:
    shop.post(order(str(n), f"{n}0.00", channel=f"ch{n}", customer_id=["x", "y", "y"][n - 1]) for n in (1, 2, 3))
    assert answer(shop, "average_order_value", "channel", limit=1).other == Group(("Other",), Decimal("15.00"))
    found = answer(shop, "customers", "channel", limit=1)
    assert (found.groups[0].labels, found.total) == (("ch1",), 2)
    assert found.other is not None
    assert found.other.value == 1


def test_two_groupings_make_the_product_of_those_with_facts_and_a_complete_grid_with_time(shop: World) -> None:
    shop.post([order("1", "1.00", channel="a", staff_id="7"), order("2", "2.00", channel="b", staff_id="8")])
    assert groups(shop, "revenue", "channel", "staff") == {("b", "8"): Decimal("2.00"), ("a", "7"): Decimal("1.00")}
    week = {"from": "2026-03-02T00:00:00Z", "to": "2026-03-04T00:00:00Z"}
    found = answer(shop, "revenue", "day", "channel", range=week)
    assert [(group.labels, str(group.value)) for group in found.groups] == [
        (("2026-03-02", "b"), "2.00"), (("2026-03-02", "a"), "1.00"),
        (("2026-03-03", "b"), "0.00"), (("2026-03-03", "a"), "0.00"),
    ]  # fmt: skip
    assert found.axes == (("2026-03-02", "2026-03-03"), ("b", "a"))


def test_products_do_not_add_up_to_the_orders_that_hold_them(shop: World) -> None:
    shop.post([order("1", "10.00", items=[line("Cola", "4.00"), line("Tea", "6.00")])])
    found = answer(shop, "orders", "product")
    assert ([group.value for group in found.groups], found.total) == ([1, 1], 1)


# Time.


def test_along_time_every_bucket_is_there_up_to_the_open_one(shop: World) -> None:
    shop.now = at("2026-03-02T14:20:00Z")
    shop.post([order("1", "7.00", "2026-03-02T12:10:00Z"), order("2", "9.00", "2026-03-02T14:19:59Z")])
    found = answer(shop, "average_order_value", "hour", range="today")
    assert [group.labels[0] for group in found.groups] == [f"2026-03-02T{hour:02}:00:00+00:00" for hour in range(15)]
    assert [group.value for group in found.groups[11:]] == [None, Decimal("7.00"), None, Decimal("9.00")]
    assert [group.open for group in found.groups] == [False] * 14 + [True]
    sums = answer(shop, "revenue", "hour", range="today")
    assert [str(group.value) for group in sums.groups[11:]] == ["0.00", "7.00", "0.00", "9.00"]


def test_what_is_over_has_no_open_bucket_and_what_is_to_come_has_none_at_all(shop: World) -> None:
    shop.now = at("2026-03-02T14:20:00Z")
    assert not any(group.open for group in answer(shop, "orders", "hour", range="yesterday").groups)
    ahead = {"from": "2026-03-03T00:00:00Z", "to": "2026-03-04T00:00:00Z"}
    found = answer(shop, "orders", "hour", range=ahead)
    assert (found.groups, found.total) == ((), 0)


def test_what_is_after_now_does_not_count_yet(shop: World) -> None:
    shop.now = at("2026-03-02T12:00:00Z")
    shop.post([order("1", when="2026-03-02T12:00:00Z"), order("2", when="2026-03-02T12:00:00.000001Z")])
    assert total(shop, "orders", range="today") == 1
    shop.now += 1
    assert total(shop, "orders", range="today", order="label") == 2
    assert total(shop, "orders", range="today", now="2026-03-02T11:59:59Z") == 0


def test_weekdays_and_hours_of_the_day_run_round(shop: World) -> None:
    shop.post([order("1", "1.00", "2026-03-02T09:00:00Z"), order("2", "2.00", "2026-03-15T21:00:00Z")])
    assert labels(shop, "revenue", "weekday") == ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    assert groups(shop, "revenue", "weekday", "hour_of_day") == {("Mon", "09"): 1, ("Sun", "21"): 2}
    assert len(answer(shop, "revenue", "weekday", "hour_of_day").groups) == 7 * 24


# Comparison.


def test_equal_elapsed_parts_are_compared(shop: World) -> None:
    shop.now = at("2026-03-02T12:30:00Z")
    shop.post(
        [order("1", "8.00", "2026-03-02T12:15:00Z"), order("2", "5.00", "2026-03-01T12:30:00Z"),
         order("3", "99.00", "2026-03-01T12:30:00.000001Z"), order("4", "4.00", "2026-03-01T09:00:00Z")]
    )  # fmt: skip
    found = answer(shop, "revenue", range="today", compare="previous_period")
    assert (found.total, found.previous_total, found.compared) == (Decimal("8.00"), Decimal("9.00"), True)
    assert found.groups[0].previous == Decimal("9.00")


def test_compared_buckets_are_aligned_by_position_and_tell_their_own_label(shop: World) -> None:
    shop.post([order("1", "8.00", "2026-03-09T12:00:00Z"), order("2", "5.00", "2026-03-02T12:00:00Z")])
    week = {"from": "2026-03-09T00:00:00Z", "to": "2026-03-12T00:00:00Z"}
    found = answer(shop, "revenue", "day", range=week, compare="same_time_last_week").groups
    assert [(group.labels[0], group.previous_label) for group in found] == [
        ("2026-03-09", "2026-03-02"), ("2026-03-10", "2026-03-03"), ("2026-03-11", "2026-03-04"),
    ]  # fmt: skip
    assert [(str(group.value), str(group.previous)) for group in found][:2] == [("8.00", "5.00"), ("0.00", "0.00")]


def test_where_the_earlier_period_is_shorter_nothing_is_compared(shop: World) -> None:
    shop.now = at("2026-03-31T12:00:00Z")
    found = answer(shop, "orders", "day", range="this_month", compare="previous_period").groups
    assert len(found) == 31
    assert [group.previous for group in found] == [0] * 28 + [None] * 3


def test_values_of_a_dimension_are_compared_with_themselves(shop: World) -> None:
    shop.post([order("1", "8.00", "2026-03-09T12:00:00Z", channel="a"), order("2", "5.00", channel="b")])
    shop.post([order("3", "3.00", channel="a")])
    week = {"from": "2026-03-09T00:00:00Z", "to": "2026-03-12T00:00:00Z"}
    found = answer(shop, "revenue", "channel", range=week, compare="same_time_last_week")
    assert [(group.labels[0], str(group.previous)) for group in found.groups] == [("a", "3.00")]
    assert found.previous_total == Decimal("8.00")


# Nothing, zero, and what cannot be added.


def test_a_null_divisor_gives_null_and_never_zero(shop: World) -> None:
    for metric in ("average_order_value", "items_per_order", "cancellation_rate", "payment_success_rate"):
        found = answer(shop, metric)
        assert (found.total, found.groups[0].value, found.has_facts) == (None, None, False)
    assert total(shop, "revenue") == 0
    shop.post([order("1", "0.00", items_count=0)])
    assert [total(shop, metric) for metric in ("average_order_value", "items_per_order")] == [0, 0]


def test_no_facts_ever_and_none_in_the_period_are_different(shop: World) -> None:
    shop.post([order("1"), stock("Flour", 1, reorder_level=0)])
    later = {"from": "2026-04-01T00:00:00Z", "to": "2026-04-02T00:00:00Z"}
    for metric, known in (("revenue", True), ("low_stock_items", True), ("payments", False), ("staff_actions", False)):
        assert answer(shop, metric, range=later).has_facts is known


def test_figures_stand_on_the_facts_alone_once_the_log_is_forgotten(shop: World) -> None:
    late = "2026-03-02T18:00:00Z"
    shop.post([order("1", "10.00"), order("2", "5.00", late), payment("5.00", when=late), stock("Flour", 1, late)])
    noon = {"now": "2026-03-02T13:00:00Z", "range": "today"}
    with shop.store.writing() as connection:
        connection.execute(text("DELETE FROM events"))
    assert [total(shop, metric, **noon) for metric in ("revenue", "payments")] == [Decimal("10.00"), 0]
    later = {"from": "2026-04-01T00:00:00Z", "to": "2026-04-02T00:00:00Z"}
    for metric, known in (("revenue", True), ("low_stock_items", True), ("payments", True), ("staff_actions", False)):
        assert answer(shop, metric, range=later).has_facts is known


def test_many_sites_are_answered_in_one_query(make_world: Callable[..., World]) -> None:
    names = [f"site-{number:03}" for number in range(120)]
    world = make_world(**{name: {} for name in names})
    world.post([order(str(number), "1.00", site=name) for number, name in enumerate(names)])
    assert total(world, "revenue") == 120


def test_averages_are_rounded_half_up_in_the_digits_of_the_currency(make_world: Callable[..., World]) -> None:
    world = make_world(main={}, tokyo={"currency": "JPY"})
    world.post(order(str(n), value) for n, value in enumerate(["0.01", "0.02"]))
    world.post(order(str(n), value, site="tokyo") for n, value in enumerate(["100", "101", "101"]))
    assert str(total(world, "average_order_value", site="main")) == "0.02"
    assert str(total(world, "average_order_value", site="tokyo")) == "101"


def test_money_of_different_currencies_is_never_added_but_counts_are(make_world: Callable[..., World]) -> None:
    world = make_world(main={}, tokyo={"currency": "JPY", "tz": "Asia/Tokyo"})
    world.post([order("1"), order("1", "500", site="tokyo")])
    for metric in ("revenue", "average_order_value"):
        with pytest.raises(MixedCurrency):
            answer(world, metric)
    assert (total(world, "orders"), total(world, "cancellation_rate")) == (2, 0)
    assert str(total(world, "revenue", site=["tokyo"])) == "500"


def test_each_site_keeps_its_own_calendar_and_days_join_by_their_local_label(make_world: Callable[..., World]) -> None:
    world = make_world(main={"tz": "America/New_York"}, tokyo={"tz": "Asia/Tokyo"})
    instant = "2026-03-02T20:00:00Z"  # the 2nd in New York, the 3rd in Tokyo
    world.post([order("1", "1.00", instant), order("1", "2.00", instant, site="tokyo")])
    assert groups(world, "revenue", "day") == {"2026-03-02": 1, "2026-03-03": 2}
    assert groups(world, "revenue", "hour_of_day") == {"05": 2, "15": 1}


# What a scope may see.


def test_all_sites_of_the_scope_are_asked_and_no_other(make_world: Callable[..., World]) -> None:
    world = make_world(main={}, bar={}, hall={})
    world.post(order("1", f"{value}.00", site=site) for site, value in (("main", 1), ("bar", 2), ("hall", 4)))
    assert total(world, "revenue") == 7
    assert total(world, "revenue", scope=scope(sites=["main", "hall"])) == 5
    assert total(world, "revenue", site=["bar", "bar"]) == 2
    with pytest.raises(Forbidden):
        total(world, "revenue", scope=scope(sites=["main"]), site=["main", "bar"])
    with pytest.raises(Forbidden):  # whether it is there is not told
        total(world, "revenue", scope=scope(sites=["main"]), site="nowhere")
    with pytest.raises(NotFound):
        total(world, "revenue", site="nowhere")
    with pytest.raises(NotFound):
        total(world, "revenue", scope=scope(sites=[]))


def test_figures_by_staff_take_view_staff(staffed: World) -> None:
    assert total(staffed, "revenue", scope=VIEWER) == 105
    for more in ({"filters": {"staff": ["ann"]}}, {"filters": {"staff": [None]}}):
        with pytest.raises(Forbidden):
            answer(staffed, "revenue", scope=VIEWER, **more)
    with pytest.raises(Forbidden):
        answer(staffed, "revenue", "staff", scope=VIEWER)
    assert total(staffed, "revenue", scope=ANALYST, filters={"staff": ["ann", None]}) == 60


def test_somebody_limited_to_their_own_figures_sees_nothing_else(staffed: World) -> None:
    bob = scope("view_dashboard", staff_id="bob")
    assert total(staffed, "revenue", scope=bob) == 10
    assert groups(staffed, "revenue", "staff", scope=bob) == {"bob": 10}
    assert total(staffed, "revenue", scope=bob, filters={"staff": ["ann", "bob"]}) == 10
    for metric, filters in (
        ("revenue", {"staff": ["ann"]}),
        ("payments", {}),
        ("new_customers", {}),
        ("revenue", {"staff": []}),
    ):
        with pytest.raises(Forbidden):
            total(staffed, metric, scope=bob, filters=filters)


def test_names_are_told_of_those_who_are_shown_alone(shop: World) -> None:
    shop.post(
        [
            event("staff_action", {"staff_id": who, "staff_name": who.title(), "action_type": "x"})
            for who in STAFF
            if who
        ]
    )
    shop.post([order("1", staff_id="bob"), order("2", staff_id="ann")])
    assert answer(shop, "revenue", "staff").names == {"ann": "Ann", "bob": "Bob"}
    assert answer(shop, "revenue", "staff", scope=scope(staff_id="bob")).names == {"bob": "Bob"}
    assert answer(shop, "revenue", "channel").names == {}


@pytest.mark.parametrize(
    "asked",
    [
        {"group_by": ["minute"], "range": "last_12_months"},
        {"group_by": ["minute", "hour"], "range": "last_7_days"},
        {"group_by": ["hour"], "range": {"from": "1971-02-01T00:00:00Z", "to": "2199-01-01T00:00:00Z"},
         "now": "2199-01-01T00:00:00Z"},
    ],
)  # fmt: skip
def test_more_buckets_than_anybody_can_read_are_refused_before_they_are_made(
    shop: World, asked: dict[str, object]
) -> None:
    (reading,) = shop.snapshots.read([Query.model_validate({"metric": "revenue", **asked})], VIEWER)
    assert isinstance(reading.error, InvalidRequest)
    assert "buckets" in reading.error.detail
