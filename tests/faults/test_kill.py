"""The server is killed at random moments while it takes events in: what it acknowledged is there, and counted once.

`FAULT_ROUNDS` says how often (5); `FAULT_SEED` repeats a run's events.
"""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.metrics import recount as rollups
from services.storage.engine import Store
from tests.conftest import Server
from tests.oracle import recount

ROUNDS = int(os.environ.get("FAULT_ROUNDS", "5"))
SEED = int(os.environ.get("FAULT_SEED", "1"))
CLIENTS = 4
SITES = {"main": {"tz": "UTC", "currency": "USD", "day_starts_at": "00:00"}}
MARCH = (datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC))
TOTALS = (
    "revenue", "net_revenue", "refunds", "tips", "orders", "cancellations", "items_sold", "average_order_value",
    "payments", "payment_amount", "payment_success_rate", "customers", "low_stock_items",
)  # fmt: skip
GROUPS = (("revenue", "staff"), ("revenue", "product"), ("net_revenue", "day"), ("orders", "customer_type"))
Json = dict[str, Any]


class Till:
    """A client that posts events, of which many speak of the same orders, and remembers what it was told."""

    def __init__(self, server: Server, name: str) -> None:
        self.acknowledged: list[Json] = []
        self.unsure: list[Json] = []
        self.answers: Counter[str] = Counter()
        self._server = server
        self._name = name
        self._chance = random.Random(f"{SEED} {name}")
        self._made = 0

    def work(self, over: threading.Event) -> None:
        """Posts until the server is gone; now and then also what was acknowledged before.

        Who was just connecting when a worker was killed may be served by the next one, and ends with `over`.
        """
        with httpx.Client(base_url=self._server.url, headers=self._server.headers, timeout=20) as client:
            while not over.is_set():
                batch = [self._event() for _ in range(self._chance.randint(1, 6))]
                again = self._chance.sample(self.acknowledged, min(2, len(self.acknowledged)))
                try:
                    self._note(batch, post(client, batch + again))
                except httpx.TransportError:
                    self.unsure += batch
                    return

    def _note(self, batch: list[Json], statuses: list[str]) -> None:
        self.answers.update(statuses)
        assert statuses[: len(batch)] == ["accepted"] * len(batch)
        assert set(statuses[len(batch) :]) <= {"duplicate"}
        self.acknowledged += batch

    def _event(self) -> Json:
        chance, self._made = self._chance, self._made + 1
        order_id, amount = str(chance.randint(1, 150)), f"{chance.randint(100, 6000) / 100:.2f}"
        paid = {"order_id": order_id, "amount": amount, "payment_method": "card", "transaction_id": order_id}
        kind, data = chance.choice(
            [
                *[("order_completed", self._order(order_id, amount))] * 5,
                ("order_cancelled", {"order_id": order_id}),
                ("order_cancelled", {"order_id": order_id, "amount": "1.50"}),
                ("payment_processed", {**paid, "status": chance.choice(["success", "failed"])}),
                (
                    "inventory_updated",
                    {"product": "abc"[self._made % 3], "quantity": self._made % 9, "reorder_level": 4},
                ),
            ]
        )
        at = f"2026-03-{chance.randint(1, 3):02}T{chance.randint(0, 23):02}:{chance.randint(0, 59):02}:00Z"
        return {"id": f"{self._name}-{self._made}", "type": kind, "source": "till", "occurred_at": at, "data": data}

    def _order(self, order_id: str, amount: str) -> Json:
        chance = self._chance
        lines = [
            {"product": chance.choice("abc"), "quantity": 1, "line_amount": "1.25"} for _ in range(chance.randint(0, 2))
        ]
        return {
            "order_id": order_id, "total_amount": amount, "items_count": 2, "staff_id": chance.choice("789"),
            "customer_id": chance.choice(["c", "d", "e", None]), "tip_amount": "0.50", "items": lines,
        }  # fmt: skip


@dataclass
class Day:
    """All that the tills of all rounds posted."""

    server: Server
    acknowledged: list[Json] = field(default_factory=list)
    resent: Counter[str] = field(default_factory=Counter)

    def round(self, number: int) -> None:
        """Load, a kill in the middle of it, a new start, and everything once more."""
        tills = [Till(self.server, f"{number}-{till}") for till in range(CLIENTS)]
        over = threading.Event()
        threads = [threading.Thread(target=till.work, args=[over]) for till in tills]
        for thread in threads:
            thread.start()
        deadline = time.monotonic() + 30
        while not all(till.acknowledged for till in tills):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        time.sleep(random.uniform(0, 1.2))
        if number % 2:
            kill_worker(self.server)
        else:
            self.server.kill()
            self.server.start()
        over.set()
        for thread in threads:
            thread.join(30)
            assert not thread.is_alive()
        self._resend([event for till in tills for event in till.acknowledged], {"duplicate"})
        self._resend([event for till in tills for event in till.unsure], {"accepted", "duplicate"})

    def _resend(self, events: list[Json], expected: set[str]) -> None:
        with httpx.Client(base_url=self.server.url, headers=self.server.headers, timeout=30) as client:
            for start in range(0, len(events), 500):
                statuses = post(client, events[start : start + 500])
                assert set(statuses) <= expected, Counter(statuses)
                self.resent.update(statuses)
        self.acknowledged += events


def post(client: httpx.Client, events: list[Json]) -> list[str]:
    answer = client.post("/analytics/events", json=events)
    assert answer.status_code == 202, answer.text
    return [result["status"] for result in answer.json()["results"]]


def kill_worker(server: Server) -> None:
    """SIGKILL to the worker alone: the master starts another."""
    assert server.process is not None
    master = server.process.pid
    (worker,) = Path(f"/proc/{master}/task/{master}/children").read_text().split()
    os.kill(int(worker), signal.SIGKILL)
    while str(worker) in Path(f"/proc/{master}/task/{master}/children").read_text().split():
        time.sleep(0.01)
    server._wait_until_it_answers()


def shown(server: Server) -> dict[str, Any]:
    """The figures that the API gives: {metric: value} and {metric by dimension: {label: value}}."""
    range_ = {"from": MARCH[0].isoformat(), "to": MARCH[1].isoformat()}
    wanted = [(metric, "metric_card", []) for metric in TOTALS]
    wanted += [(f"{metric} by {name}", "bar_chart", [name]) for metric, name in GROUPS]
    widgets = [
        {"widget_id": title, "widget_type": kind,
         "config": {"query": {"metric": title.split()[0], "group_by": by, "range": range_}}}
        for title, kind, by in wanted
    ]  # fmt: skip
    answer = httpx.post(
        f"{server.url}/analytics/widgets/data", json={"widgets": widgets}, headers=server.headers, timeout=30
    )
    data = {title: reading["data"] for title, reading in answer.json()["widgets"].items()}
    figures: dict[str, Any] = {title: exact(data[title]["value"]) for title in TOTALS}
    for title in data.keys() - figures.keys():
        values = dict(zip(data[title]["labels"], data[title]["series"][0]["values"], strict=True))
        figures[title] = {label: exact(value) for label, value in values.items() if value}
    return figures


def exact(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def expected(events: list[Json]) -> dict[str, Any]:
    """The same, by the naive recount."""
    figures: dict[str, Any] = {metric: recount(events, SITES, metric, (), MARCH)[()] for metric in TOTALS}
    for metric, name in GROUPS:
        groups = recount(events, SITES, metric, (name,), MARCH)
        figures[f"{metric} by {name}"] = {labels[0]: value for labels, value in groups.items() if value}
    return figures


@pytest.mark.timeout(120 + 20 * ROUNDS)
def test_nothing_acknowledged_is_lost_and_nothing_counted_twice_however_often_the_server_is_killed(
    server: Server,
) -> None:
    day = Day(server)
    for number in range(ROUNDS):
        day.round(number)
        store = Store(server.database_url)
        assert rollups.verify(store) == []
        store.close()
    assert day.resent["duplicate"] > 50 * ROUNDS
    assert shown(server) == expected(day.acknowledged)
