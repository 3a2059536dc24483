"""Events to post and the shortest ways to ask what they came to."""

from __future__ import annotations

from itertools import count
from typing import Any

from services.access.scope import Permission, Scope
from services.clock import Instant, to_instant
from services.metrics.answer import Answer, Value
from services.metrics.query import Query
from services.metrics.snapshot import Reading
from tests.properties.world import EVERYTHING, World

MAIN = {"tz": "UTC", "currency": "USD", "day_starts_at": "00:00"}
NOON = "2026-03-02T12:00:00Z"
MARCH = {"from": "2026-03-01T00:00:00Z", "to": "2026-04-01T00:00:00Z"}
Json = dict[str, Any]

_numbers = count(1)


def at(text: str) -> Instant:
    """The instant of RFC 3339 text."""
    from datetime import datetime

    return to_instant(datetime.fromisoformat(text))


def event(kind: str, data: Json, when: str = NOON, **envelope: Any) -> Json:
    """With an id of its own unless one is given."""
    return {"id": f"e-{next(_numbers)}", "type": kind, "occurred_at": when, "data": data, **envelope}


def order(order_id: str = "1", total: str = "10.00", when: str = NOON, **data: Any) -> Json:
    """A completed order; `id`, `site` and `source` go to the envelope, the rest to its data."""
    envelope = {name: data.pop(name) for name in ("id", "site", "source") if name in data}
    data = {"order_id": order_id, "total_amount": total, "items_count": 1, **data}
    return event("order_completed", data, when, **envelope)


def cancelled(order_id: str = "1", when: str = NOON, amount: str | None = None, **envelope: Any) -> Json:
    data = {"order_id": order_id} if amount is None else {"order_id": order_id, "amount": amount}
    return event("order_cancelled", data, when, **envelope)


def payment(amount: str, status: str = "success", when: str = NOON, **data: Any) -> Json:
    return event(
        "payment_processed",
        {"order_id": "1", "payment_method": "card", "amount": amount, "status": status, **data},
        when,
    )


def stock(product: str, quantity: float, when: str = NOON, **data: Any) -> Json:
    return event("inventory_updated", {"product": product, "quantity": quantity, **data}, when)


def line(product: str, amount: str, quantity: float = 1, category: str | None = None) -> Json:
    return {"product": product, "line_amount": amount, "quantity": quantity, "category": category}


def query(metric: str, *group_by: str, **rest: Any) -> Query:
    """Over March 2026 unless told otherwise."""
    return Query.model_validate({"metric": metric, "group_by": group_by, "range": MARCH, **rest})


def read(world: World, asked: Query, scope: Scope = EVERYTHING) -> Reading:
    (reading,) = world.snapshots.read([asked], scope)
    return reading


def answer(world: World, metric: str, *group_by: str, scope: Scope = EVERYTHING, **rest: Any) -> Answer:
    """The answer; what stands in its way is raised."""
    reading = read(world, query(metric, *group_by, **rest), scope)
    if reading.error is not None:
        raise reading.error
    assert reading.answer is not None
    return reading.answer


def total(world: World, metric: str, **rest: Any) -> Value:
    return answer(world, metric, **rest).total


def totals(world: World, *metrics: str, **rest: Any) -> list[str]:
    """Each as text, so that 10.00 is not 10."""
    return [str(total(world, metric, **rest)) for metric in metrics]


def groups(world: World, metric: str, *group_by: str, **rest: Any) -> dict[Any, Value]:
    """{label: value} (or {labels: value} by two), in the order of the answer, empty buckets left out."""
    found = answer(world, metric, *group_by, **rest).groups
    return {g.labels[0] if len(g.labels) == 1 else g.labels: g.value for g in found if g.value}


def scope(*permissions: str, sites: list[str] | None = None, staff_id: str | None = None) -> Scope:
    held = frozenset(map(Permission, permissions or ("view_dashboard",)))
    return Scope("user:somebody", held, None if sites is None else frozenset(sites), staff_id)
