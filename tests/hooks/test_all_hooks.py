"""Every hook, its twin and the older names: what they send, and that nobody's loop waits for a disk."""

from __future__ import annotations

import asyncio
import inspect
import time
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import pulseboard_hooks as hooks
from pulseboard_hooks import process
from services.events import schemas
from tests.hooks.conftest import FakePulseboard

WHEN = datetime(2026, 3, 1, 12, tzinfo=UTC)
TYPES = {name: name for name in schemas.DATA} | {"trigger_alert": "alert_triggered"}
FIELDS: dict[str, dict[str, Any]] = {
    "order_completed": {"order_id": "1", "total_amount": Decimal("9.50"), "items_count": 1, "tip_amount": 1.5},
    "order_cancelled": {"order_id": "1", "amount": "2.50", "staff_id": 7, "reason": "cold"},
    "payment_processed": {
        "order_id": "1", "payment_method": "card", "amount": 9.5, "status": "success", "transaction_id": "t-1",
    },
    "staff_action": {"staff_id": 7, "action_type": "shift_started", "staff_name": "Mia", "shift_id": 3},
    "customer_action": {"customer_id": "c", "action_type": "loyalty_earned", "action_data": {"points": 5}},
    "inventory_updated": {"product": "Flour", "quantity": 2.5, "reorder_level": 5, "unit": "kg"},
    "system_event": {"event_type": "printer", "message": "no paper", "severity": "low", "source_service": "kitchen"},
    "trigger_alert": {
        "alert_name": "queue", "message": "long", "metric_name": "orders", "current_value": 12.5,
        "threshold_value": 10, "severity": "high",
    },
}  # fmt: skip


@pytest.mark.parametrize("name", FIELDS)
def test_a_hook_and_its_twin_send_what_the_servers_schemas_take(name: str, hooked: FakePulseboard) -> None:
    first = getattr(hooks, name)(**FIELDS[name], site="main", occurred_at=WHEN)
    asyncio.run(getattr(hooks, f"{name}_async")(**FIELDS[name], occurred_at=WHEN, id="mine"))
    assert hooks.flush(10)
    assert list(hooked.accepted) == [first, "mine"]
    for event in hooked.accepted.values():
        assert event["type"] == TYPES[name]
        assert set(event["data"]) == set(FIELDS[name])
        schemas.check(event)


def test_each_hook_has_a_twin_and_every_name_of_the_contract_is_there() -> None:
    twins = {name for name in hooks.__all__ if name.endswith("_async")}
    assert twins == {f"{name}_async" for name in [*FIELDS, "invalidate_cache", "refresh_dashboards"]} | {
        "get_analytics_status_async"
    }
    for name in hooks.__all__:
        is_async = name.endswith(("_async", "_hook")) or name == "force_dashboard_refresh"
        assert inspect.iscoroutinefunction(getattr(hooks, name)) == is_async
        assert getattr(hooks, name).__name__ == name


def test_the_older_names_take_what_they_took(hooked: FakePulseboard) -> None:
    async def calls() -> None:
        await hooks.order_cancelled_hook(1, 7, "cold", WHEN)
        await hooks.staff_action_hook(7, "order_processed", {"order_id": 1}, 3, WHEN)
        await hooks.customer_action_hook(19, "new_customer", {"from": "web"}, WHEN)
        await hooks.payment_processed_hook(1, "card", Decimal("12.50"), "success", "t-1", WHEN)
        await hooks.system_event_hook("backup", "done", timestamp=WHEN)
        await hooks.trigger_custom_alert_hook("queue", "long", "orders", 12.5, 10.0)

    hooks.staff_action_sync(staff_id=7, action_type="clock_in", timestamp=WHEN)
    asyncio.run(calls())
    assert hooks.flush(10)
    events = list(hooked.accepted.values())
    assert [event["type"] for event in events] == [
        "staff_action", "order_cancelled", "staff_action", "customer_action", "payment_processed", "system_event",
        "alert_triggered",
    ]  # fmt: skip
    assert {event["occurred_at"] for event in events[:-1]} == {WHEN.isoformat()}
    assert events[1]["data"] == {"order_id": 1, "staff_id": 7, "reason": "cold"}
    assert events[2]["data"]["shift_id"] == 3
    assert events[5]["data"]["severity"] == "low"
    assert events[6]["data"]["severity"] == "medium"
    for event in events:
        schemas.check(event)


def test_invalidations_keep_their_place_and_equal_ones_share_a_request(hooked: FakePulseboard) -> None:
    hooked.stall.clear()
    hooks.order_completed(order_id=1, total_amount=1, items_count=1)
    hooks.invalidate_cache(pattern="revenue@*")
    hooks.invalidate_cache(pattern="revenue@*")
    hooks.order_completed(order_id=2, total_amount=1, items_count=1)
    hooks.invalidate_cache(widget_id="w1")
    hooks.refresh_dashboards()
    hooks.force_dashboard_refresh_sync()
    hooks.invalidate_analytics_cache_sync("orders@main")
    hooks.invalidate_analytics_cache_sync("dashboard:*")
    asyncio.run(hooks.invalidate_analytics_cache_hook())
    asyncio.run(hooks.force_dashboard_refresh())
    assert hooks.invalidate_cache(pattern="a@b", widget_id="w1") is None
    hooked.stall.set()
    assert hooks.flush(10)
    assert hooked.paths == ["events", "invalidate", "events", *["invalidate"] * 4]
    assert hooked.invalidated == [
        {"pattern": "revenue@*"}, {"widget_id": "w1"}, {}, {"pattern": "orders@main"}, {},
    ]  # fmt: skip


def test_a_wish_that_the_key_may_not_have_lets_the_events_after_it_go(hooked: FakePulseboard, outbox: Path) -> None:
    hooked.stall.clear()
    hooks.refresh_dashboards()
    hooks.order_completed(order_id=1, total_amount=1, items_count=1)
    hooked.answers = [(403, {}, {})]
    hooked.stall.set()
    assert hooks.flush(10)
    assert len(hooked.accepted) == 1
    assert '"invalidation"' in outbox.with_name("waiting-refused.jsonl").read_text()


def test_a_loop_goes_on_while_the_disk_is_slow_and_cancelling_loses_nothing(hooked: FakePulseboard) -> None:
    ticks = []

    async def tick() -> None:
        while True:
            ticks.append(time.monotonic())
            await asyncio.sleep(0.01)

    async def calls() -> None:
        ticking = asyncio.create_task(tick())
        one = asyncio.create_task(hooks.order_completed_async(order_id=1, total_amount=1, items_count=1))
        two = asyncio.create_task(hooks.order_completed_async(order_id=2, total_amount=1, items_count=1))
        await asyncio.sleep(0.5)
        assert len(ticks) > 5
        two.cancel()
        process.current().boxes.lock.release()
        await one
        ticking.cancel()

    process.current().boxes.lock.acquire()  # as a disk that takes its time does
    asyncio.run(calls())
    hooked.wait_for(2)
    assert [event["data"]["order_id"] for event in hooked.accepted.values()] == [1, 2]
