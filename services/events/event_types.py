"""The eight types of events of contract §3: what an event says of its origin, and what its `data` holds. Pure."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NotRequired

from pydantic import AfterValidator, ConfigDict, Field
from typing_extensions import TypedDict

from services.events.values import (
    Count,
    Id,
    Money,
    MoneyAboveZero,
    MoneyFromZero,
    Name,
    Number,
    Quantity,
    Severity,
    Text,
    fail,
)

MAX_LINES = 1_000

_OPEN = ConfigDict(extra="allow")


class Line(TypedDict):
    __pydantic_config__ = _OPEN  # type: ignore[misc]
    product: Name
    quantity: Quantity
    category: NotRequired[Name | None]
    unit_price: NotRequired[Money | None]
    line_amount: NotRequired[Money | None]


def priced(line: Line) -> Line:
    """The line, which has to say what it is worth."""
    if line.get("line_amount") is None and line.get("unit_price") is None:
        raise fail("missing", "needs line_amount or unit_price")
    return line


class OrderCompleted(TypedDict):
    __pydantic_config__ = _OPEN  # type: ignore[misc]
    order_id: Id
    total_amount: MoneyFromZero
    items_count: Count
    staff_id: NotRequired[Id | None]
    staff_name: NotRequired[Name | None]
    customer_id: NotRequired[Id | None]
    table_no: NotRequired[Id | None]
    channel: NotRequired[Name | None]
    payment_method: NotRequired[Name | None]
    discount_amount: NotRequired[MoneyFromZero | None]
    tax_amount: NotRequired[MoneyFromZero | None]
    tip_amount: NotRequired[MoneyFromZero | None]
    items: NotRequired[Annotated[list[Annotated[Line, AfterValidator(priced)]], Field(max_length=MAX_LINES)] | None]


class OrderCancelled(TypedDict):
    __pydantic_config__ = _OPEN  # type: ignore[misc]
    order_id: Id
    amount: NotRequired[MoneyAboveZero | None]
    staff_id: NotRequired[Id | None]
    reason: NotRequired[Text | None]


class PaymentProcessed(TypedDict):
    __pydantic_config__ = _OPEN  # type: ignore[misc]
    order_id: Id
    payment_method: Name
    amount: Money
    status: Literal["success", "failed", "refunded"]
    transaction_id: NotRequired[Id | None]


class StaffAction(TypedDict):
    __pydantic_config__ = _OPEN  # type: ignore[misc]
    staff_id: Id
    action_type: Name
    staff_name: NotRequired[Name | None]
    shift_id: NotRequired[Id | None]
    action_data: NotRequired[Any]


class CustomerAction(TypedDict):
    __pydantic_config__ = _OPEN  # type: ignore[misc]
    customer_id: Id
    action_type: Name
    action_data: NotRequired[Any]


class InventoryUpdated(TypedDict):
    __pydantic_config__ = _OPEN  # type: ignore[misc]
    product: Name
    quantity: Quantity
    reorder_level: NotRequired[Quantity | None]
    unit: NotRequired[Name | None]


class SystemEvent(TypedDict):
    __pydantic_config__ = _OPEN  # type: ignore[misc]
    event_type: Name
    message: Text
    severity: Severity
    source_service: NotRequired[Name | None]
    event_data: NotRequired[Any]


class AlertTriggered(TypedDict):
    __pydantic_config__ = _OPEN  # type: ignore[misc]
    alert_name: Name
    message: Text
    metric_name: Name
    current_value: Number
    threshold_value: Number
    severity: Severity


DATA: dict[str, Any] = {
    "order_completed": OrderCompleted,
    "order_cancelled": OrderCancelled,
    "payment_processed": PaymentProcessed,
    "staff_action": StaffAction,
    "customer_action": CustomerAction,
    "inventory_updated": InventoryUpdated,
    "system_event": SystemEvent,
    "alert_triggered": AlertTriggered,
}

ORIGIN: dict[str, Any] = {
    "id": NotRequired[Id | None],
    "source": NotRequired[Id | None],
    "site": NotRequired[Id | None],
}
"""Where an event comes from; beside that it has its type, occurred_at and data."""


def completed(event: dict[str, Any]) -> dict[str, Any]:
    """The event with what an order left unsaid, and without nulls."""
    data = event["data"] = _without_nulls(event["data"])
    if event["type"] == "order_completed":
        for key in ("discount_amount", "tax_amount", "tip_amount"):
            data.setdefault(key, "0")
        data["items"] = [_without_nulls(line) for line in data.get("items", ())]
    return event


def _without_nulls(values: dict[str, Any]) -> dict[str, Any]:
    if None not in values.values():
        return values
    return {key: value for key, value in values.items() if value is not None}
