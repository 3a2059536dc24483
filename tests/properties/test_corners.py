"""Corners that random histories seldom meet, each as recounted."""

import pytest

from tests.properties.questions import hold
from tests.properties.world import world

pytestmark = pytest.mark.stores("sqlite", "postgresql")

SITES = {"main": {"tz": "UTC", "currency": "USD", "day_starts_at": "00:00"}}
MARCH = {"from": "2026-03-01T00:00:00Z", "to": "2026-04-01T00:00:00Z"}


@pytest.fixture
def as_recounted(blank_store):
    """Posts events, asks queries over March 2026, and holds the answers to the recount."""

    def check(events, *queries, sites=SITES):
        queries = [{"range": MARCH, **query} for query in queries]
        with world(sites, blank_store) as running:
            assert running.post(events) == {"accepted": len(events)}
            hold(running.ask(queries), queries, events, sites)
            assert running.differences() == []

    return check


def _order(order_id, total="10.00", **data):
    return {
        "id": order_id,
        "source": "till",
        "type": "order_completed",
        "occurred_at": "2026-03-01T12:00:00Z",
        "data": {"order_id": order_id, "total_amount": total, "items_count": 2, **data},
    }


def _payment(source, id, **data):
    return {
        "id": id,
        "source": source,
        "type": "payment_processed",
        "occurred_at": "2026-03-01T12:00:00Z",
        "data": {"order_id": "1", "payment_method": "card", "amount": "5.00", "status": "success", **data},
    }


def test_payments_without_a_transaction_are_one_each_whatever_their_ids_look_like(as_recounted):
    as_recounted([_payment("till", "1:x"), _payment("till:1", "x")], {"metric": "payments"})


def test_a_transaction_and_its_refund_are_two_whatever_their_ids_look_like(as_recounted):
    events = [
        _payment("till", "1", transaction_id="t", status="refunded"),
        _payment("till", "2", transaction_id="t:1"),
        _payment("till", "3", transaction_id="t"),
    ]
    as_recounted(events, {"metric": "payments"}, {"metric": "payment_success_rate"})


def test_what_is_unallocated_can_be_asked_for_alone(as_recounted):
    line = {"product": "Margherita", "quantity": 1, "line_amount": "9.00"}
    events = [_order("1", items=[line]), _order("2", staff_id="7")]
    only = {"filters": {"product": ["(unallocated)"]}}
    as_recounted(
        events,
        {"metric": "revenue", **only},
        {"metric": "revenue", "group_by": ["staff"], **only},
        {"metric": "revenue", "group_by": ["hour"], "filters": {"category": ["(unallocated)"]}},
        {"metric": "items_sold", **only},
        {"metric": "orders", **only},
    )


def test_an_order_that_holds_a_product_twice_is_one(as_recounted):
    line = {"product": "Margherita", "quantity": 1, "line_amount": "5.00"}
    events = [_order("1", items=[line, {**line, "category": "Pizza"}])]
    for name in ("product", "category"):
        as_recounted(events, {"metric": "orders", "group_by": [name]})
    as_recounted(events, {"metric": "orders", "filters": {"category": ["Pizza", None]}})


def test_an_order_without_staff_is_not_the_cancelling_hand_s(as_recounted):
    cancel = {"id": "c", "source": "till", "type": "order_cancelled", "occurred_at": "2026-03-02T12:00:00Z"}
    events = [_order("1"), {**cancel, "data": {"order_id": "1", "staff_id": "9"}}]
    as_recounted(events, {"metric": "refunds", "group_by": ["staff"]}, {"metric": "cancellation_rate"})


def test_stock_over_a_range_that_is_wholly_to_come_has_no_buckets(as_recounted):
    level = {"product": "flour", "quantity": 0, "reorder_level": 2}
    event = {"id": "s", "source": "till", "type": "inventory_updated", "data": level}
    events = [{**event, "occurred_at": "2026-01-01T12:00:00Z"}]
    early = {"now": "2026-02-01T12:00:00Z"}
    as_recounted(events, *({"metric": "low_stock_items", "group_by": [unit], **early} for unit in ("hour", "day")))


@pytest.mark.parametrize("order_ids", [("1", "1"), ("1", "2"), ("2", "1")])
def test_whoever_orders_at_two_sites_in_one_instant_is_new_at_one_of_them(as_recounted, order_ids):
    """The day of the first order is another at either site."""
    sites = {"main": SITES["main"], "island": {**SITES["main"], "day_starts_at": "13:00"}}
    events = [
        {**_order(order_id, customer_id="c"), "site": site} for site, order_id in zip(sites, order_ids, strict=True)
    ]
    as_recounted(
        events, *({"metric": name, "group_by": ["day"]} for name in ("new_customers", "customers")), sites=sites
    )
