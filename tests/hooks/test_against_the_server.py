"""A hook's call becomes a figure of the real server."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import httpx
import pytest

import pulseboard_hooks
from tests.conftest import Server


def test_orders_told_by_the_hooks_are_counted_to_the_cent(
    server: Server, outbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULSEBOARD_URL", server.url)
    monkeypatch.setenv("PULSEBOARD_API_KEY", server.key)
    items = [{"product": "Margherita", "category": "Pizza", "quantity": 2, "unit_price": 14.0, "line_amount": "26"}]
    pulseboard_hooks.order_completed(order_id=1, total_amount=Decimal("26.10"), items_count=2, items=items, staff_id=7)
    pulseboard_hooks.order_completed(order_id="2", total_amount=0.1, items_count=1, channel="takeaway")
    pulseboard_hooks.order_completed_sync(3, 7, None, 10, 1)
    pulseboard_hooks.order_completed(order_id=4, total_amount="1.001", items_count=1)
    assert pulseboard_hooks.flush(10)
    counts = pulseboard_hooks.counts()
    assert (counts.accepted, counts.refused, counts.dropped) == (3, 1, 0)
    body = {
        "widgets": [
            {"widget_id": name, "widget_type": "metric_card", "config": {"query": {"metric": name, "range": "today"}}}
            for name in ("orders", "revenue")
        ]
    }
    answer = httpx.post(f"{server.url}/analytics/widgets/data", json=body, headers=server.headers, timeout=30).json()
    figures = {name: told["data"]["value"] for name, told in answer["widgets"].items()}
    assert figures == {"orders": 3, "revenue": 36.2}
