"""Callers of every role, and an event to post."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from services.storage.tables import event_queue

SETTLE_SECONDS = 30


@pytest.fixture
def key_of(services: Any) -> Callable[..., dict[str, str]]:
    """The header of a new key with these permissions: `key_of("view_dashboard", sites=["main"])`."""

    def make(*permissions: str, name: str = "till-3", sites: list[str] | None = None) -> dict[str, str]:
        token, _ = services.keys.create(name, permissions, sites)
        return {"Authorization": f"Bearer {token}"}

    return make


@pytest.fixture
def user_of(services: Any) -> Callable[..., str]:
    """A new user of this role; the name."""

    def make(role: str, **limits: Any) -> str:
        return services.accounts.create(f"a-{role}", "a good password", role, **limits).username

    return make


@pytest.fixture
def settle(services: Any) -> Callable[[], None]:
    """Waits until all that was accepted is in the figures: on PostgreSQL that is a moment later."""

    def wait() -> None:
        deadline = time.monotonic() + SETTLE_SECONDS
        while time.monotonic() < deadline:
            with services.store.reading() as connection:
                if not connection.execute(select(event_queue.c.id).limit(1)).first():
                    return
            time.sleep(0.01)
        raise AssertionError("events wait to be applied")

    return wait


@pytest.fixture
def post_order(client: Any, admin_key: dict[str, str], settle: Callable[[], None]) -> Callable[..., Any]:
    """Posts a completed order and waits until it counts; the rest of its data by keyword."""

    def post(order_id: str = "1", at: str = "2026-03-01T12:30:05+01:00", **data: Any) -> Any:
        order = {"order_id": order_id, "total_amount": "42.50", "items_count": 3, **data}
        event = {"id": f"orders-{order_id}", "type": "order_completed", "occurred_at": at, "data": order}
        answer = client.post("/analytics/events", json=event, headers=admin_key)
        settle()
        return answer

    return post
