"""Promise 8: a commit tells the hull of exactly the buckets that old and new contributions touch, and their topics."""

from collections import Counter, defaultdict
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services import clock
from tests.oracle import QUOTIENTS
from tests.oracle_facts import facts, read
from tests.oracle_time import MINUTE
from tests.properties.questions import DIMENSIONS
from tests.properties.strategies import deliveries, histories
from tests.properties.world import careful, world

pytestmark = pytest.mark.timeout(900)  # making a failing example small takes up to five minutes

SITE = {"main": {"tz": "UTC", "currency": "USD", "day_starts_at": "00:00"}}
PIZZA = {"product": "Margherita", "category": "Pizza", "quantity": 1, "line_amount": "9.00"}
SALAD = {"product": "Greek", "category": "Salad", "quantity": 1, "line_amount": "9.00"}


@settings(careful, max_examples=50)
@given(st.data())
def test_what_is_told_is_the_hull_of_what_changed(data):
    history = data.draw(histories(min_size=8, max_size=16))
    with world(history.sites) as running:
        heard = []
        for batch in data.draw(deliveries(history.events)):
            before, heard = heard, heard + batch
            running.published.clear()
            running.post(batch)
            topics, buckets = _told(running.published)
            assert _topics(before, heard, history.sites) <= topics
            least = _hull(_changed(before, heard, history.sites, joined=True))
            most = _hull(_changed(before, heard, history.sites, joined=False))
            covers_least = not least or (buckets and buckets[0] <= least[0] and least[1] <= buckets[1])
            if len(running.published) > 1:  # what the urgent part changed, the other may have changed back
                assert covers_least
            else:
                assert buckets == most or (least and covers_least and most[0] <= buckets[0] and buckets[1] <= most[1])


def _told(published):
    """The topics, and the hull of the buckets, of what was told of one post: once for each lane."""
    assert len(published) <= 2
    assert all(cause == "events" for _, _, cause in published)
    topics = {topic for topics, _, _ in published for topic in topics}
    hulls = [buckets for _, buckets, _ in published if buckets]
    if not hulls:
        return topics, None
    ends = min(start for start, _ in hulls), max(end for _, end in hulls)
    return topics, tuple(map(clock.to_datetime, ends))


def _hull(instants):
    minutes = [at.replace(second=0, microsecond=0) for at in instants]
    return (min(minutes), max(minutes) + MINUTE) if minutes else None


def _changed(before, after, sites, *, joined):
    """The instants of facts that went or came; `joined`: lines of one order and product count as one."""
    gone, come = (Counter(_told_apart(events, sites, joined)) for events in (before, after))
    return {fact[1] for fact in ((gone - come) | (come - gone))}


def _told_apart(events, sites, joined):
    known = read(events, sites)
    lines = defaultdict(Counter)
    for fact in facts(known, sites):
        name = (fact.site, fact.at, fact.order, fact.customer, frozenset(fact.dims.items()))
        amounts = {measure: Decimal(amount).normalize() for measure, amount in fact.measures.items()}
        if joined and "product" in fact.dims:
            lines[name].update(amounts)
        elif amounts:
            yield (name, fact.at, frozenset(amounts.items()))
    for name, sums in lines.items():
        sums["orders"] = min(sums["orders"], 1)
        yield (name, name[1], frozenset(sums.items()))
    for event in known:
        if event["type"] == "inventory_updated":
            yield ((event["site"], event["id"], event["source"]), event["at"], "stock")


def _topics(before, after, sites):
    """The topics of which some figure can have changed."""
    gone, come = (Counter(_counted(events, sites)) for events in (before, after))
    return {f"{metric}@{site}" for metric, site, *_ in ((gone - come) | (come - gone))}


def _counted(events, sites):
    known = read(events, sites)
    for fact in facts(known, sites):
        for metric, dimensions in DIMENSIONS.items():
            base = "customers" if metric.endswith("_customers") else metric
            amounts = {name: fact.measures[name] for name in QUOTIENTS.get(base, (base,)) if name in fact.measures}
            if amounts and ("product" not in fact.dims or "product" in dimensions):
                labels = frozenset((name, fact.dims[name]) for name in dimensions if name in fact.dims)
                who = (fact.order if "orders" in amounts else None, fact.customer if base == "customers" else None)
                yield (metric, fact.site, fact.at, labels, frozenset(amounts.items()), who)
    for event in known:
        if event["type"] == "inventory_updated":
            yield ("low_stock_items", event["site"], event["id"], event["source"])


def _order(id, at="2026-03-01T12:30:05Z", **data):
    data = {"order_id": "1", "total_amount": "18.00", "items_count": 2, **data}
    return {"id": id, "source": "till", "type": "order_completed", "occurred_at": at, "data": data}


def _instants(*texts):
    return tuple(clock.to_instant(datetime.fromisoformat(text)) for text in texts)


def test_a_moved_order_touches_where_it_was_and_where_it_is():
    with world(SITE) as running:
        running.post([_order("1")])
        running.published.clear()
        running.post([_order("2", at="2026-03-04T08:00:59Z")])
        ((topics, buckets, _),) = running.published
    assert "revenue@main" in topics
    assert buckets == _instants("2026-03-01T12:30:00Z", "2026-03-04T08:01:00Z")


def test_an_event_that_changes_no_fact_is_not_told():
    with world(SITE) as running:
        running.post([_order("2")])
        running.published.clear()
        running.post([_order("1"), _order("2")])
        assert running.published == []


def test_products_that_change_their_categories_are_told_though_each_sum_stays():
    query = {"metric": "revenue", "group_by": ["product", "category"]}
    query["range"] = {"from": "2026-03-01T00:00:00Z", "to": "2026-03-02T00:00:00Z"}
    with world(SITE) as running:
        running.post([_order("1", items=[PIZZA, SALAD])])
        running.ask([query])
        running.published.clear()
        swapped = [PIZZA | {"category": "Salad"}, SALAD | {"category": "Pizza"}]
        running.post([_order("2", items=swapped)])
        ((topics, buckets, _),) = running.published
        (answer,) = running.ask([query])
    assert {"revenue@main", "orders@main", "items_sold@main"} <= {*topics}
    assert buckets == _instants("2026-03-01T12:30:00Z", "2026-03-01T12:31:00Z")
    assert {group.labels: group.value for group in answer.groups} == {
        ("Margherita", "Salad"): Decimal("9.00"),
        ("Greek", "Pizza"): Decimal("9.00"),
    }


def test_a_late_first_order_touches_the_one_whose_place_it_takes():
    with world(SITE) as running:
        running.post([_order("1", customer_id="c")])
        running.published.clear()
        running.post([_order("2", at="2026-02-01T09:00:00Z", order_id="2", customer_id="c")])
        ((_, buckets, _),) = running.published
    assert buckets == _instants("2026-02-01T09:00:00Z", "2026-03-01T12:31:00Z")


def test_a_refund_touches_the_cancellation_that_it_makes_smaller():
    cancelled = {"id": "c", "type": "order_cancelled", "data": {"order_id": "1"}}
    part = {"id": "p", "type": "order_cancelled", "data": {"order_id": "1", "amount": "3.00"}}
    with world(SITE) as running:
        running.post([_order("1"), cancelled | {"occurred_at": "2026-03-02T10:00:00Z"}])
        running.published.clear()
        running.post([part | {"occurred_at": "2026-03-05T10:00:00Z"}])
        ((topics, buckets, _),) = running.published
    assert {*topics} == {"refunds@main", "net_revenue@main"}
    assert buckets == (*_instants("2026-03-02T10:00:00Z", "2026-03-05T10:01:00Z"),)
    assert buckets[1] - buckets[0] == timedelta(days=3, minutes=1) // timedelta(microseconds=1)
