"""What callbacks are tested with: the real services, a manager's scope, and orders."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from services.access.scope import ROLES, Scope


@pytest.fixture
def manager() -> Scope:
    return Scope("user:mia", ROLES["manager"])


@pytest.fixture
def order(services: Any) -> Callable[..., None]:
    """Books one order that is being completed now: `order("1", "42.50")`."""
    admin = Scope("user:admin", ROLES["admin"])

    def book(order_id: str, total: str, **data: Any) -> None:
        event = {
            "id": order_id,
            "type": "order_completed",
            "occurred_at": datetime.now(UTC).isoformat(),
            "data": {"order_id": order_id, "total_amount": total, "items_count": 1, **data},
        }
        (result,) = services.intake.accept([event], scope=admin, source="tests")
        assert result.status == "accepted", result.errors

    return book
