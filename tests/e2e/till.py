"""What a shop's modules do: post events to the real endpoint."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import Any

import httpx

from tests.conftest import Server

Event = dict[str, Any]


class Till:
    def __init__(self, server: Server) -> None:
        self._server = server
        self._numbers = itertools.count(1)

    def order(self, amount: str = "10.00", **data: Any) -> None:
        self.post(self.an_order(amount, **data))

    def payment(self, amount: str = "10.00", **data: Any) -> None:
        plain = {"order_id": "1", "payment_method": "card", "amount": amount, "status": "success"}
        self.post(self.event("payment_processed", plain | data))

    def staff_action(self, **data: Any) -> None:
        self.post(self.event("staff_action", {"staff_id": "7", "action_type": "clock_in"} | data))

    def an_order(self, amount: str = "10.00", **data: Any) -> Event:
        plain = {"order_id": f"o-{next(self._numbers)}", "total_amount": amount, "items_count": 2}
        return self.event("order_completed", plain | data)

    def event(self, kind: str, data: dict[str, Any], occurred_at: datetime | None = None) -> Event:
        moment = occurred_at or datetime.now(UTC)
        return {"type": kind, "occurred_at": moment.isoformat(), "data": data}

    def post(self, *events: Event) -> None:
        answer = self._call("/analytics/events", list(events))
        assert answer.status_code == 202, answer.text

    def read(self, widgets: list[dict[str, Any]]) -> dict[str, Any]:
        """What REST says these widgets show now."""
        asked = [{name: widget[name] for name in ("widget_id", "widget_type", "config")} for widget in widgets]
        answer = self._call("/analytics/widgets/data", {"widgets": asked})
        assert answer.status_code == 200, answer.text
        return dict(answer.json()["widgets"])

    def figure(self, metric: str) -> float:
        """Today's total of a metric, by REST."""
        config = {"query": {"metric": metric, "range": "today"}}
        widget = {"widget_id": "w", "widget_type": "metric_card", "config": config}
        return float(self.read([widget])["w"]["data"]["value"])

    def _call(self, path: str, body: Any) -> httpx.Response:
        return httpx.post(self._server.url + path, headers=self._server.headers, json=body, timeout=30)
