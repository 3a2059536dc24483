"""`GET /analytics/dashboard/realtime`: today in one answer, all of it read at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Flask, Response

from api import bodies, figures
from api.auth import current_scope
from services.access.scope import Permission, Scope
from services.container import Services
from services.errors import NoData
from services.metrics.answer import Answer, change
from services.metrics.query import Query
from services.metrics.snapshot import Reading

TOP = 5
AGES = ("fresh", "cached", "stale")


def register(server: Flask, services: Services) -> None:
    @server.get("/analytics/dashboard/realtime")
    def realtime_snapshot() -> Response:
        scope = current_scope()
        asked = _queries(scope)
        readings = dict(zip(asked, services.snapshots.read(list(asked.values()), scope), strict=True))
        now = services.clock()
        freshness = _freshness(readings, now)
        return bodies.answer({"timestamp": bodies.time_text(now), **_figures(readings), "data_freshness": freshness})


def _queries(scope: Scope) -> dict[str, Query]:
    """What the snapshot asks, by name; who may not see staff does not ask for it."""
    asked = {
        name: Query(metric=name, compare="previous_period")
        for name in ("revenue", "orders", "customers", "average_order_value")
    }
    asked["products"] = Query(metric="revenue", group_by=("product",), order="-value", limit=TOP)
    asked["hours"] = Query(metric="revenue", group_by=("hour",))
    if scope.may(Permission.VIEW_STAFF):
        asked["staff"] = Query(metric="revenue", group_by=("staff",), order="-value", limit=TOP)
    return asked


def _figures(readings: Mapping[str, Reading]) -> dict[str, Any]:
    answers = {name: _answer(reading) for name, reading in readings.items()}
    revenue, orders, customers = (answers[name] for name in ("revenue", "orders", "customers"))
    staff, products, hours = answers.get("staff"), answers["products"], answers["hours"]
    return {
        "revenue_today": _total(revenue),
        "orders_today": _total(orders),
        "customers_today": _total(customers),
        "average_order_value": _total(answers["average_order_value"]),
        "revenue_growth": _growth(revenue),
        "order_growth": _growth(orders),
        "customer_growth": _growth(customers),
        "top_staff": None if staff is None else figures.staff_rows(staff),
        "top_products": [] if products is None else figures.product_rows(products),
        "hourly_trends": [] if hours is None else figures.points(hours),
        "active_alerts": [],
        "critical_metrics": [],
    }


def _answer(reading: Reading) -> Answer | None:
    """None where there is nothing to say; any other error is the whole snapshot's."""
    if reading.error is not None and not isinstance(reading.error, NoData):
        raise reading.error
    return reading.answer


def _total(answer: Answer | None) -> Any:
    return None if answer is None else answer.total


def _growth(answer: Answer | None) -> Any:
    return None if answer is None else change(answer.total, answer.previous_total)


def _freshness(readings: Mapping[str, Reading], now: int) -> dict[str, Any]:
    """As old as the oldest figure, as stale as the stalest."""
    as_of = min(reading.as_of for reading in readings.values())
    state = max((reading.cache_status for reading in readings.values()), key=AGES.index)
    return {"as_of": bodies.time_text(as_of), "age_seconds": round(max(0, now - as_of) / 1e6, 3), "state": state}
