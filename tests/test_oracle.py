"""The recount itself, against figures worked out by hand."""

from datetime import date, datetime
from decimal import Decimal
from itertools import count

from tests.oracle import recount
from tests.oracle_time import day_start, label

NEW_YORK = {"main": {"tz": "America/New_York", "currency": "USD", "day_starts_at": "04:00"}}
UTC_SITE = {"tz": "UTC", "currency": "USD", "day_starts_at": "00:00"}
MARCH = (datetime.fromisoformat("2026-03-01T00:00:00Z"), datetime.fromisoformat("2026-04-01T00:00:00Z"))
SALADS = {"product": "Greek", "category": "Salad", "quantity": 1, "unit_price": "9.50"}
PIZZAS = {"product": "Margherita", "category": "Pizza", "quantity": 2, "unit_price": "14.00", "line_amount": "26.00"}
numbers = count(1)


def event(kind, at, *, id=None, site="main", **data):
    number = f"e{next(numbers):03}"
    return {"id": id or number, "type": kind, "source": "till", "site": site, "occurred_at": at, "data": data}


def order(order_id, at, total="10.00", **data):
    return event("order_completed", at, order_id=order_id, total_amount=total, **{"items_count": 1, **data})


def figures(events, metric, *group_by, site=UTC_SITE, period=MARCH, **filters):
    return recount(events, {"main": site}, metric, group_by, period, filters)


def figure(events, metric, **named):
    return figures(events, metric, **named)[()]


def test_nothing_is_zero_and_a_quotient_of_nothing_is_null():
    assert figure([], "revenue") == 0
    assert figure([], "average_order_value") is None
    assert figures([], "revenue", "staff") == {}


def test_the_last_correction_stands_and_moves_the_order_to_its_own_day():
    first = order("1", "2026-03-01T12:00:00Z", "10.00", id="z")
    second = order("1", "2026-03-02T12:00:00Z", "12.00", id="a")
    assert figures([second, first], "revenue", "day") == {("2026-03-02",): Decimal("12.00")}


def test_of_corrections_at_one_instant_the_greater_id_in_code_points_stands():
    lower, upper = (order("1", "2026-03-01T12:00:00Z", total, id=id) for id, total in (("a", "1.00"), ("B", "2.00")))
    assert figure([lower, upper], "revenue") == Decimal("1.00")
    later_offset = order("1", "2026-03-01T13:00:00+01:00", "3.00", id="b")
    assert figure([lower, upper, later_offset], "revenue") == Decimal("3.00")


def test_a_resend_changes_nothing_whatever_it_says():
    once = order("1", "2026-03-01T12:00:00Z", "10.00", id="same")
    other = order("1", "2026-03-01T12:00:00Z", "99.00", id="same")
    assert figure([once, once, other], "revenue") == Decimal("10.00")


def test_cancelling_books_what_no_refund_gave_back_at_the_earliest_cancellation():
    events = [
        order("1", "2026-03-01T12:00:00Z", "30.00", staff_id="7"),
        event("order_cancelled", "2026-03-04T12:00:00Z", order_id="1", staff_id="9"),
        event("order_cancelled", "2026-03-02T12:00:00Z", order_id="1"),
        event("order_cancelled", "2026-03-05T12:00:00Z", order_id="1", amount="12.00"),
    ]
    assert figures(events, "refunds", "day") == {("2026-03-02",): Decimal("18.00"), ("2026-03-05",): Decimal("12.00")}
    assert figures(events, "net_revenue", "staff") == {("7",): Decimal("0.00")}
    assert figures(events, "cancellations", "staff") == {("7",): 1}
    assert figure(events, "orders") == 1
    assert figure(events, "cancellation_rate") == Decimal("1.0000")


def test_a_cancellation_waits_for_its_order_and_a_partial_refund_does_not():
    unknown = event("order_cancelled", "2026-03-02T12:00:00Z", order_id="1")
    partial = event("order_cancelled", "2026-03-02T12:00:00Z", order_id="2", amount="3.00", staff_id="9")
    assert figure([unknown, partial], "cancellations") == 0
    assert figures([unknown, partial], "refunds", "staff") == {(None,): Decimal("3.00")}


def test_refunds_beyond_the_total_leave_nothing_to_cancel():
    events = [
        order("1", "2026-03-01T12:00:00Z", "10.00"),
        event("order_cancelled", "2026-03-02T12:00:00Z", order_id="1", amount="15.00"),
        event("order_cancelled", "2026-03-02T12:00:00Z", order_id="1"),
    ]
    assert figure(events, "refunds") == Decimal("15.00")
    assert figure(events, "net_revenue") == Decimal("-5.00")


def test_products_add_up_to_the_total_with_what_is_unallocated():
    events = [
        order("1", "2026-03-01T12:00:00Z", "33.00", items=[PIZZAS, SALADS]),
        order("2", "2026-03-01T13:00:00Z", "9.50", items=[SALADS]),
        order("3", "2026-03-01T14:00:00Z", "5.00", items_count=4),
    ]
    lines = {("Margherita",): Decimal("26.00"), ("Greek",): Decimal("19.00"), ("(unallocated)",): Decimal("2.50")}
    assert figures(events, "revenue", "product") == lines
    assert figures(events, "items_sold", "product") == {("Margherita",): 2, ("Greek",): 2, ("(unallocated)",): 4}
    assert figures(events, "orders", "product") == {("Margherita",): 1, ("Greek",): 2}
    assert figure(events, "orders", category=["Salad", "Pizza"]) == 2
    assert figure(events, "items_per_order") == Decimal("2.6667")
    assert figure(events, "average_order_value") == Decimal("15.83")


def test_order_sizes_turn_at_25_and_50():
    totals = {"24.99": "small", "25.00": "medium", "49.99": "medium", "50": "large"}
    events = [order(size + total, "2026-03-01T12:00:00Z", total) for total, size in totals.items()]
    assert figures(events, "orders", "order_size") == {("small",): 1, ("medium",): 2, ("large",): 1}


def test_an_order_of_a_new_customer_is_their_first_by_instant_and_order_id():
    events = [
        order("2", "2026-03-01T12:00:00Z", "2.00", customer_id="c"),
        order("1", "2026-03-01T12:00:00Z", "1.00", customer_id="c"),
        order("0", "2026-03-09T12:00:00Z", "4.00"),
    ]
    by_type = {("new",): Decimal("1.00"), ("returning",): Decimal("2.00"), ("guest",): Decimal("4.00")}
    assert figures(events, "revenue", "customer_type") == by_type


def test_customers_are_new_where_their_first_order_lies_in_the_range_or_the_bucket():
    events = [
        order("0", "2026-02-01T12:00:00Z", customer_id="old", channel="web"),
        order("1", "2026-03-01T12:00:00Z", customer_id="old"),
        order("2", "2026-03-01T12:00:00Z", customer_id="young"),
        order("3", "2026-03-02T12:00:00Z", customer_id="young", channel="web"),
    ]
    assert figures(events, "customers", "customer_type") == {("new",): 1, ("returning",): 1}
    assert figures(events, "new_customers", "day") == {("2026-03-01",): 1}
    assert figures(events, "returning_customers", "day") == {("2026-03-01",): 1, ("2026-03-02",): 1}
    assert figures(events, "new_customers", "channel") == {(None,): 1, ("web",): 1}


def test_a_customer_of_two_sites_is_one_and_new_by_the_first_order_at_the_sites_asked():
    events = [order("1", "2026-02-01T12:00:00Z", customer_id="c"), order("2", "2026-03-01T12:00:00Z", customer_id="c")]
    events[1]["site"] = "second"
    both = {"main": UTC_SITE, "second": UTC_SITE}
    assert recount(events, both, "customers", ("customer_type",), MARCH) == {("returning",): 1}
    assert recount(events, {"second": UTC_SITE}, "customers", ("customer_type",), MARCH) == {("new",): 1}
    assert recount(events, both, "orders", ("customer_type",), MARCH) == {("new",): 1}


def test_a_transaction_is_one_payment_and_its_refund_another():
    def paid(status, at, **data):
        return event("payment_processed", at, order_id="1", payment_method="card", amount="5.00", status=status, **data)

    events = [
        paid("failed", "2026-03-01T12:00:00Z", transaction_id="t"),
        paid("success", "2026-03-01T12:01:00Z", transaction_id="t"),
        paid("refunded", "2026-03-01T12:02:00Z", transaction_id="t"),
        paid("failed", "2026-03-01T12:03:00Z"),
        paid("failed", "2026-03-01T12:03:00Z"),
    ]
    assert [figure(events, name) for name in ("payments", "payment_failures", "refunds")] == [1, 2, 0]
    assert figures(events, "payment_amount", "payment_method") == {("card",): Decimal("5.00")}
    assert figure(events, "payment_success_rate") == Decimal("0.3333")


def test_low_stock_is_the_state_at_the_end_of_each_bucket():
    events = [
        event("inventory_updated", "2026-02-01T12:00:00Z", product="flour", quantity=3, reorder_level=5),
        event("inventory_updated", "2026-03-01T12:00:00Z", product="salt", quantity=5, reorder_level=5),
        event("inventory_updated", "2026-03-02T12:00:00Z", product="flour", quantity=6, reorder_level=5),
        event("inventory_updated", "2026-03-02T12:00:00Z", product="eggs", quantity=0),
    ]
    three_days = (MARCH[0], datetime.fromisoformat("2026-03-03T12:00:00Z"))
    by_day = {("2026-03-01",): 2, ("2026-03-02",): 1, ("2026-03-03",): 1}
    assert figures(events, "low_stock_items", "day", period=three_days) == by_day
    assert figures(events, "low_stock_items", "product", period=three_days) == {("salt",): 1}


def test_the_range_is_half_open_and_filters_join_by_and():
    events = [
        order("1", "2026-03-01T00:00:00Z", "1.00", channel="web", staff_id=7),
        order("2", "2026-03-31T23:59:59.999999Z", "2.00", channel="web"),
        order("3", "2026-04-01T00:00:00Z", "4.00", channel="web", staff_id="7"),
    ]
    assert figure(events, "revenue") == Decimal("3.00")
    assert figure(events, "revenue", channel=["web"], staff=["7"]) == Decimal("1.00")
    assert figure(events, "revenue", channel=["web", "phone"], staff=[None]) == Decimal("2.00")


def test_the_business_day_turns_at_four_and_the_wall_clock_names_the_hour():
    site, night = NEW_YORK["main"], datetime.fromisoformat("2026-03-01T03:59:59-05:00")
    assert label("day", night, site) == "2026-02-28"
    assert label("weekday", night, site) == "Sat"
    assert label("week", night, site) == "2026-02-23"
    assert label("month", night, site) == "2026-02"
    assert label("hour_of_day", night, site) == "03"
    assert label("minute", night, site) == "2026-03-01T03:59:00-05:00"


def test_a_repeated_hour_is_two_buckets_also_where_it_is_half_an_hour():
    early, late = "2025-11-02T01:10:00-04:00", "2025-11-02T01:10:00-05:00"
    events = [order("1", early), order("2", late)]
    autumn = (datetime.fromisoformat("2025-11-02T00:00:00Z"), datetime.fromisoformat("2025-11-03T00:00:00Z"))
    hours = {("2025-11-02T01:00:00-04:00",): 1, ("2025-11-02T01:00:00-05:00",): 1}
    assert figures(events, "orders", "hour", site=NEW_YORK["main"], period=autumn) == hours
    assert figures(events, "orders", "hour_of_day", site=NEW_YORK["main"], period=autumn) == {("01",): 2}
    lord_howe = {"tz": "Australia/Lord_Howe", "currency": "USD", "day_starts_at": "00:00"}
    repeated = datetime.fromisoformat("2025-04-06T01:45:00+10:30")
    assert label("hour", repeated, lord_howe) == "2025-04-06T01:30:00+10:30"


def test_a_business_day_starts_at_the_next_instant_there_is_and_at_the_first_of_two():
    spring = day_start(date(2025, 3, 9), "America/New_York", "02:30")
    autumn = day_start(date(2025, 11, 2), "America/New_York", "01:30")
    assert spring == datetime.fromisoformat("2025-03-09T03:00:00-04:00")
    assert autumn == datetime.fromisoformat("2025-11-02T01:30:00-04:00")
