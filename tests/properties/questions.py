"""Queries over a history, and whether an answer says what the recount says."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache

from hypothesis import strategies as st

from tests.oracle import recount
from tests.oracle_time import DAY, TIME_UNITS, bucket_ends, business_date, day_start, label
from tests.properties.strategies import CATEGORIES, CHANNELS, METHODS, PRODUCTS, SITES

_MONEY = ("staff", "channel", "payment_method")
_ORDERS = ("staff", "customer_type", "order_size", "channel", "payment_method")
DIMENSIONS = {  # contract §4, word for word
    "revenue": (*_ORDERS, "product", "category"),
    **dict.fromkeys(("net_revenue", "discounts", "tax", "tips", "refunds"), _MONEY),
    "orders": (*_ORDERS, "product", "category"),
    "items_sold": ("staff", "channel", "product", "category"),
    "cancellations": ("staff", "channel"),
    "customers": ("staff", "channel", "customer_type"),
    "new_customers": ("channel",),
    "returning_customers": ("channel",),
    "average_order_value": _ORDERS,
    "items_per_order": ("staff", "channel"),
    "cancellation_rate": ("staff", "channel"),
    **dict.fromkeys(("payments", "payment_amount", "payment_failures", "payment_success_rate"), ("payment_method",)),
    "staff_actions": ("staff", "action_type"),
    "customer_actions": ("action_type",),
    "system_events": ("severity",),
    "low_stock_items": ("product",),
}
CYCLIC = ("weekday", "hour_of_day")
UNALLOCATED = "(unallocated)"
VALUES = {
    "staff": ("7", "8", None, "nobody"),
    "customer_type": ("new", "returning", "guest"),
    "order_size": ("small", "medium", "large"),
    "channel": (*CHANNELS, None),
    "payment_method": (*METHODS, None),
    "product": (*PRODUCTS, UNALLOCATED),
    "category": (*CATEGORIES, UNALLOCATED),
    "action_type": ("login", "break"),
    "severity": ("low", "critical"),
}


def plain(history):
    """Every metric: whole and by each of its dimensions over all the history, by each unit of time near its centre."""
    whole = _between(history.centre - 80 * DAY, history.centre + 4 * DAY)
    near = _between(history.centre - timedelta(hours=31, minutes=10), history.centre + timedelta(hours=30, seconds=7))
    for metric, dimensions in DIMENSIONS.items():
        for group_by in ([], *([name] for name in dimensions)):
            yield {"metric": metric, "group_by": group_by, "range": whole}
        for unit in TIME_UNITS:
            if unit != "minute":
                yield {"metric": metric, "group_by": [unit], "range": near}


@st.composite
def questions(draw, centre):
    """One query: up to two groupings, filters, sites, and a range that ends anywhere."""
    metric = draw(st.sampled_from(sorted(DIMENSIONS)))
    names = (*DIMENSIONS[metric], *DIMENSIONS[metric], *TIME_UNITS)
    group_by = draw(st.lists(st.sampled_from(names), max_size=2, unique=True))
    filtered = draw(st.lists(st.sampled_from(DIMENSIONS[metric]), max_size=2, unique=True))
    filters = {name: draw(st.lists(st.sampled_from(VALUES[name]), min_size=1, max_size=2)) for name in filtered}
    query = {"metric": metric, "group_by": group_by, "filters": filters}
    sites = draw(st.sampled_from([None, ["main"], ["island"], ["island", "main"]]))
    if sites:
        query["site"] = sites
    if draw(st.integers(0, 3)) == 0:
        query["range"] = draw(st.sampled_from(["today", "yesterday", "last_7_days"]))
    else:
        query["range"] = draw(_ranges(centre, "minute" in group_by))
    if isinstance(query["range"], str) or draw(st.booleans()):
        query["now"] = _text(draw(_near(centre)))
    return query


@cache
def _near(centre):
    quarters, odd = st.integers(-150, 150), st.sampled_from([timedelta(0), timedelta(seconds=61.5), timedelta(hours=1)])
    return st.builds(lambda quarter, more: centre + timedelta(minutes=15 * quarter) + more, quarters, odd)


@st.composite
def _ranges(draw, centre, short):
    start = draw(_near(centre))
    hours = st.integers(1, 5) if short else st.integers(1, 72)
    return _between(start, start + timedelta(hours=draw(hours), seconds=draw(st.sampled_from([0, 0, 0, 1800, 0.5]))))


def _between(start, end):
    return {"from": _text(start), "to": _text(end)}


def _text(at):
    return at.astimezone(UTC).isoformat()


def periods_of(query, sites):
    """For each site asked its (start, end) as the contract has it: what is after `now` never counts."""
    asked = [name for name in query.get("site") or SITES if name in sites]
    return {name: _period(query["range"], query.get("now"), sites[name]) for name in asked}


def _period(range_, now, site):
    now = datetime.fromisoformat(now) if now else None
    if isinstance(range_, str):
        calendar = (site["tz"], site["day_starts_at"])
        today = business_date(now, *calendar)
        first, last = {
            "today": (today, today),
            "yesterday": (today - DAY, today - DAY),
            "last_7_days": (today - 6 * DAY, today),
        }[range_]
        start, end = day_start(first, *calendar), day_start(last + DAY, *calendar)
    else:
        start, end = (datetime.fromisoformat(range_[name]) for name in ("from", "to"))
    if now is not None:
        end = min(end, now + timedelta(microseconds=1))
    return start, max(start, end)


def hold(answers, queries, events, sites):
    """Asserts that each answer is what the recount of the events comes to."""
    for answer, query in zip(answers, queries, strict=True):
        periods = periods_of(query, sites)
        asked = {name: sites[name] for name in periods}
        group_by, filters = query.get("group_by", []), query.get("filters", {})
        right = recount(events, asked, query["metric"], group_by, periods, filters)
        shown = {group.labels: group.value for group in answer.groups}
        assert len(shown) == len(answer.groups), f"a group twice\n{query}"
        assert not any(isinstance(value, float) for value in shown.values())
        _same_groups(query, shown, right)
        total = recount(events, asked, query["metric"], (), periods, filters)[()]
        assert answer.total == total, f"total {answer.total}, right is {total}\n{query}"
        if len(group_by) == 1 and group_by[0] in TIME_UNITS:
            _complete(query, answer, periods, sites)


def _same_groups(query, shown, right):
    empty = {name: value for name, value in shown.items() if name not in right}
    wrong = {name: (shown.get(name, "absent"), value) for name, value in right.items() if not _counted(name, value)}
    wrong = {name: pair for name, pair in wrong.items() if pair[0] == "absent" or pair[0] != pair[1]}
    assert not wrong, f"(answered, right): {wrong}\n{query}"
    along_time = {*query.get("group_by", [])} & {*TIME_UNITS}
    ratio = query["metric"] in ("average_order_value", "items_per_order", "cancellation_rate", "payment_success_rate")
    surplus = {name: value for name, value in empty.items() if not along_time or value != (None if ratio else 0)}
    assert not surplus, f"groups without facts: {surplus}\n{query}"


def _counted(labels, value):
    """Whether an absent group may stand for this one: nothing unallocated is no row."""
    return UNALLOCATED in labels and value == Decimal(0)


def _complete(query, answer, periods, sites):
    """Along time every bucket is there, in order, up to the open one, which says so."""
    unit = query["group_by"][0]
    labels = [group.labels[0] for group in answer.groups]
    found = [[names[0] for names in bucket_ends([unit], *period, sites[site])] for site, period in periods.items()]
    if unit in CYCLIC:
        assert {*labels} >= {name for axis in found for name in axis}, query
    elif len(found) == 1:
        assert labels == found[0], query
    else:
        assert {*labels} == {name for axis in found for name in axis}, query
    if len(found) == 1 and unit not in CYCLIC and "now" in query:
        (site,) = periods
        (start, end), now = periods[site], datetime.fromisoformat(query["now"])
        opens = [label(unit, now, sites[site])] if start <= now < end else []
        assert [group.labels[0] for group in answer.groups if group.open] == opens, query
