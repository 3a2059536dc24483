"""Histories of events in which few orders, customers and staff meet often, around the turns of clock and calendar."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

ZONES = ("America/New_York", "Australia/Lord_Howe", "UTC", "Asia/Kathmandu")
TURNS = ("00:00", "04:00", "01:30", "02:15", "23:45")
CENTRES = (  # what happens there: clocks back and forth in two zones; a year, a month and a week turn
    datetime(2025, 11, 2, 6, tzinfo=UTC),
    datetime(2025, 3, 9, 7, tzinfo=UTC),
    datetime(2025, 4, 5, 15, tzinfo=UTC),
    datetime(2025, 10, 4, 15, 30, tzinfo=UTC),
    datetime(2025, 12, 31, 23, tzinfo=UTC),
    datetime(2026, 3, 1, 12, tzinfo=UTC),
)
CHANNELS, METHODS = ("dine_in", "web"), ("card", "cash")
PRODUCTS = ("Margherita", "Greek", "Cola")
CATEGORIES = ("Pizza", "Salad", None)
OFFSETS = (UTC, ZoneInfo("Asia/Kathmandu"), ZoneInfo("America/New_York"))
SITES = ("main", "island")


@dataclass(frozen=True)
class History:
    """Events that are all acceptable, each with an id of its own, and the sites they happened at."""

    sites: dict
    centre: datetime
    events: list


def _spelled(at, zone=UTC):
    return at.astimezone(zone).isoformat().replace("+00:00", "Z")


@cache
def moments(centre):
    """Instants that often are equal, often just around a turn, seldom long ago."""
    quarters = st.integers(-14, 14).map(lambda quarter: centre + timedelta(minutes=15 * quarter))
    near = st.integers(-40, 40).map(lambda hours: centre + timedelta(hours=hours))
    shifts = st.sampled_from([timedelta(0), timedelta(0), timedelta(microseconds=-1), timedelta(seconds=61.5)])
    again = st.sampled_from([centre, centre, centre + timedelta(hours=1), centre - timedelta(days=1)])
    long_ago = st.just(centre - timedelta(days=70))
    others = st.builds(lambda at, shift: at + shift, st.one_of(quarters, quarters, near, long_ago), shifts)
    return again | others


@cache
def amounts(step, *most):
    """Money with the digits of `step`, at and around where order sizes turn, spelled with or without its zeros."""
    values = st.sampled_from([Decimal(most_of) for most_of in most]).flatmap(
        lambda value: st.sampled_from([value, value + step, max(Decimal(0), value - step)])
    )
    return st.builds(lambda value, padded: str(value.quantize(step) if padded else value + 0), values, st.booleans())


@cache
def _lines(step):
    prices = amounts(step, 0, 9, 14)
    line = st.fixed_dictionaries(
        {
            "product": st.sampled_from(PRODUCTS),
            "quantity": st.sampled_from([1, 1, 2, 0, "0.5", 1.25]),
            "unit_price": prices,
        },
        optional={"category": st.sampled_from(CATEGORIES), "line_amount": st.one_of(st.none(), prices, st.just("-2"))},
    )
    return st.lists(line, max_size=3)


@cache
def _data(kind, step):
    maybe = st.none()
    order_id = st.sampled_from(["1", "1", 1, "2", "10"])
    staff_id = st.sampled_from(["7", "8", 7])
    action = st.sampled_from(["login", "break"])
    shapes = {
        "order_completed": (
            {
                "order_id": order_id,
                "customer_id": st.sampled_from(["c", "c", "c", "d", None]),
                "total_amount": amounts(step, 0, 25, 50, 9, 28),
                "items_count": st.integers(0, 3),
            },
            {
                "staff_id": maybe | staff_id,
                "staff_name": st.sampled_from(["Mia", "Noor"]),
                "channel": maybe | st.sampled_from(CHANNELS),
                "payment_method": maybe | st.sampled_from(METHODS),
                "discount_amount": amounts(step, 0, 2),
                "tax_amount": amounts(step, 0, 3),
                "tip_amount": amounts(step, 0, 4),
                "items": _lines(step),
            },
        ),
        "order_cancelled": (
            {"order_id": order_id},
            {"amount": maybe | amounts(step, 5, 20).filter(lambda text: Decimal(text) > 0), "staff_id": staff_id},
        ),
        "payment_processed": (
            {
                "order_id": order_id,
                "payment_method": st.sampled_from(METHODS),
                "amount": amounts(step, 0, 25),
                "status": st.sampled_from(["success", "success", "failed", "refunded"]),
            },
            {"transaction_id": st.sampled_from(["5", "5", 5, "t", None])},
        ),
        "staff_action": ({"staff_id": staff_id, "action_type": action}, {}),
        "customer_action": ({"customer_id": st.just("c"), "action_type": action}, {}),
        "inventory_updated": (
            {"product": st.sampled_from(PRODUCTS), "quantity": st.sampled_from([0, 2, 3, "2.5", 9])},
            {"reorder_level": maybe | st.sampled_from([2, 3, "2.5"])},
        ),
        "system_event": (
            {"event_type": st.just("tick"), "message": st.just("…"), "severity": st.sampled_from(["low", "critical"])},
            {},
        ),
        "alert_triggered": (
            {
                "alert_name": st.just("slow"),
                "message": st.just(""),
                "metric_name": st.just("orders"),
                "current_value": st.just(1),
                "threshold_value": st.just(2),
                "severity": st.just("high"),
            },
            {},
        ),
    }
    required, optional = shapes[kind]
    return st.fixed_dictionaries(required, optional=optional)


KINDS = ("order_completed",) * 8 + ("order_cancelled",) * 4 + ("payment_processed",) * 4 + ("inventory_updated",) * 2
KINDS += ("staff_action", "customer_action", "system_event", "alert_triggered")


@st.composite
def events(draw, centre, step, sites=SITES):
    kind = draw(st.sampled_from(KINDS))
    event = {
        "id": draw(st.sampled_from(["a", "B", "é", "Z", "10", "9"])) + str(draw(st.integers(0, 9))),
        "type": kind,
        "source": draw(st.sampled_from(["till", "till", "app"])),
        "occurred_at": _spelled(draw(moments(centre)), draw(st.sampled_from(OFFSETS))),
        "data": draw(_data(kind, step)),
    }
    site = draw(st.sampled_from([sites[0], sites[0], *sites]))
    return event if site == "main" and draw(st.booleans()) else {**event, "site": site}


@st.composite
def histories(draw, min_size=12, max_size=25):
    """Two sites of one currency, and what happened there in a few days around one centre."""
    currency = draw(st.sampled_from(["USD", "USD", "JPY"]))
    sites = {
        name: {
            "tz": draw(st.sampled_from(ZONES)),
            "currency": currency,
            "day_starts_at": draw(st.sampled_from(TURNS)),
        }
        for name in SITES
    }
    centre = draw(st.sampled_from(CENTRES))
    one = events(centre, Decimal(1) if currency == "JPY" else Decimal("0.01"))
    found = st.lists(one, min_size=min_size, max_size=max_size, unique_by=origin)
    return History(sites, centre, draw(found))


def origin(event):
    return event.get("site", "main"), event["source"], event["id"]


def spelled_anew(event):
    """The same event in other words: another offset, padded decimals, the default site named, keys turned round."""
    data = {key: _padded(key, value) for key, value in reversed(event["data"].items())}
    at = datetime.fromisoformat(event["occurred_at"])
    named = {"site": event.get("site", "main"), "occurred_at": _spelled(at, ZoneInfo("Australia/Eucla"))}
    return dict(reversed({**event, **named, "data": data}.items()))


def _padded(key, value):
    if isinstance(value, str) and key.endswith("amount") and "." in value and len(value.partition(".")[2]) < 2:
        return value + "0"
    return str(value) if key.endswith("_id") and isinstance(value, int) else value


def contradicting(event):
    """Another event under the same id."""
    later = datetime.fromisoformat(event["occurred_at"]) - timedelta(hours=25)
    return {**event, "occurred_at": _spelled(later), "data": {**event["data"], "note": "not the same"}}


@st.composite
def deliveries(draw, found):
    """The events in some order and some batches, with resends; contradictions come after what they contradict."""
    posted = draw(st.permutations(found))
    for event in draw(st.lists(st.sampled_from(found), max_size=4)):
        again = draw(st.sampled_from([event, spelled_anew(event)]))
        posted.insert(draw(st.integers(0, len(posted))), again)
    for event in draw(st.lists(st.sampled_from(found), max_size=2)):
        first = next(place for place, known in enumerate(posted) if origin(known) == origin(event))
        posted.insert(draw(st.integers(first + 1, len(posted))), contradicting(event))
    cuts = sorted({0, len(posted), *draw(st.lists(st.integers(0, len(posted)), max_size=4))})
    return [posted[start:end] for start, end in pairwise(cuts)]
