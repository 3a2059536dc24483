"""The worked example: a shop that goes on selling while Pulseboard is away, and loses no sale."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

import pulseboard_hooks
from examples.flask_shop.shop import create_app
from tests.conftest import Server

METRICS = ("orders", "revenue", "payment_amount", "cancellations", "refunds", "low_stock_items")


def figures(server: Server) -> dict[str, object]:
    widgets = [
        {"widget_id": name, "widget_type": "metric_card", "config": {"query": {"metric": name, "range": "today"}}}
        for name in METRICS
    ]
    url = f"{server.url}/analytics/widgets/data"
    told = httpx.post(url, json={"widgets": widgets}, headers=server.headers, timeout=30).json()["widgets"]
    return {name: told[name]["data"]["value"] for name in METRICS}


def test_the_shops_sales_are_figures_and_an_outage_costs_none(
    server: Server, outbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULSEBOARD_URL", server.url)
    monkeypatch.setenv("PULSEBOARD_API_KEY", server.key)
    monkeypatch.setattr("pulseboard_hooks.sender.LONGEST_PAUSE", 0.5)
    shop = create_app().test_client()
    sale = {"staff": "mia", "lines": {"espresso": 2, "cake": 1}, "paid_by": "card"}
    assert shop.post("/orders", json=sale).json == {"order_id": "shop-1", "total": "9.60"}
    assert pulseboard_hooks.flush(20)
    server.kill()
    for _ in range(4):
        assert shop.post("/orders", json={**sale, "lines": {"cake": 4}}).status_code == 201
    assert shop.delete("/orders/shop-2?reason=cold").status_code == 204
    told = shop.get("/health").json
    assert told is not None
    assert (told["shop"], told["analytics"]["status"]) == ("healthy", "unreachable")
    assert told["analytics"]["outbox"]["queued"] == 13
    server.start()
    assert pulseboard_hooks.flush(60)
    assert figures(server) == {
        "orders": 5, "revenue": 86.4, "payment_amount": 86.4, "cancellations": 1, "refunds": 19.2,
        "low_stock_items": 1,
    }  # fmt: skip
    assert shop.post("/orders", json={**sale, "lines": {"tea": 1}}).status_code == 422
    assert shop.delete("/orders/shop-99").status_code == 404
