"""What servers show of a site, and what the naive recount makes of the events that were posted to it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import httpx

from tests.conftest import Server
from tests.oracle import recount

SITE = {"tz": "UTC", "currency": "USD", "day_starts_at": "00:00"}
MARCH = (datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC))
TOTALS = (
    "revenue", "net_revenue", "refunds", "tips", "orders", "cancellations", "items_sold", "average_order_value",
    "payments", "payment_amount", "payment_success_rate", "customers", "low_stock_items",
)  # fmt: skip
GROUPS = (("revenue", "staff"), ("revenue", "product"), ("net_revenue", "day"), ("orders", "customer_type"))
Json = dict[str, Any]


def ask(server: Server, widgets: list[Json]) -> dict[str, Json]:
    """The widgets' readings, each `ok`, by their ids."""
    answer = httpx.post(
        f"{server.url}/analytics/widgets/data", json={"widgets": widgets}, headers=server.headers, timeout=30
    )
    assert answer.status_code == 200, answer.text
    readings: dict[str, Json] = answer.json()["widgets"]
    return readings


def card(metric: str, site: str, kind: str = "metric_card", by: Sequence[str] = ()) -> Json:
    range_ = {"from": MARCH[0].isoformat(), "to": MARCH[1].isoformat()}
    query = {"metric": metric, "group_by": list(by), "range": range_, "site": [site]}
    return {"widget_id": " by ".join([metric, *by]), "widget_type": kind, "config": {"query": query}}


def shown(server: Server, site: str) -> dict[str, Any]:
    """The figures that the API gives: {metric: value} and {metric by dimension: {label: value}}."""
    widgets = [card(metric, site) for metric in TOTALS]
    widgets += [card(metric, site, "bar_chart", [name]) for metric, name in GROUPS]
    readings = ask(server, widgets)
    assert {reading["cache_status"] for reading in readings.values()} <= {"fresh", "cached"}
    data = {title: reading["data"] for title, reading in readings.items()}
    figures: dict[str, Any] = {title: exact(data[title]["value"]) for title in TOTALS}
    for title in data.keys() - figures.keys():
        values = dict(zip(data[title]["labels"], data[title]["series"][0]["values"], strict=True))
        figures[title] = {label: exact(value) for label, value in values.items() if value}
    return figures


def exact(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def expected(events: list[Json], site: str) -> dict[str, Any]:
    """The same, by the naive recount."""
    sites = {site: SITE}
    figures: dict[str, Any] = {metric: recount(events, sites, metric, (), MARCH)[()] for metric in TOTALS}
    for metric, name in GROUPS:
        groups = recount(events, sites, metric, (name,), MARCH)
        figures[f"{metric} by {name}"] = {labels[0]: value for labels, value in groups.items() if value}
    return figures
