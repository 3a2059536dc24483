"""The hooks: one plain function for each type of event, and its twin for async code.

All of them take the fields of the event's `data` by keyword, and:

`site`         "main", if it is left out
`occurred_at`  now, if it is left out; a time without a zone is the local time of the process
`id`           a new one for each call, if it is left out; it is kept through every retry
further ones   are kept with the event
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal

from pulseboard_hooks.calls import hook, twin
from pulseboard_hooks.events import Event, compose

Amount = Decimal | int | float | str
Id = str | int
Time = datetime | str


@hook
def order_completed(
    *,
    order_id: Id,
    total_amount: Amount,
    items_count: int,
    staff_id: Id | None = None,
    staff_name: str | None = None,
    customer_id: Id | None = None,
    table_no: Id | None = None,
    channel: str | None = None,
    payment_method: str | None = None,
    discount_amount: Amount | None = None,
    tax_amount: Amount | None = None,
    tip_amount: Amount | None = None,
    items: Iterable[Mapping[str, object]] | None = None,
    site: str | None = None,
    occurred_at: Time | None = None,
    id: Id | None = None,
    **more: object,
) -> Event:
    """An order was completed, or a completed one is corrected.

    Units: the site's currency; `total_amount` is what the guest owes, after discounts, with tax, without tip.
    """
    data = {
        "order_id": order_id,
        "staff_id": staff_id,
        "staff_name": staff_name,
        "customer_id": customer_id,
        "total_amount": total_amount,
        "items_count": items_count,
        "payment_method": payment_method,
        "channel": channel,
        "table_no": table_no,
        "discount_amount": discount_amount,
        "tax_amount": tax_amount,
        "tip_amount": tip_amount,
        "items": items,
    }
    return compose("order_completed", {**more, **data}, site=site, occurred_at=occurred_at, id_=id)


@hook
def order_cancelled(
    *,
    order_id: Id,
    amount: Amount | None = None,
    staff_id: Id | None = None,
    reason: str | None = None,
    site: str | None = None,
    occurred_at: Time | None = None,
    id: Id | None = None,
    **more: object,
) -> Event:
    """An order was cancelled; with an `amount` above 0, that much of it was refunded."""
    data = {"order_id": order_id, "amount": amount, "staff_id": staff_id, "reason": reason}
    return compose("order_cancelled", {**more, **data}, site=site, occurred_at=occurred_at, id_=id)


@hook
def payment_processed(
    *,
    order_id: Id,
    payment_method: str,
    amount: Amount,
    status: str,
    transaction_id: Id | None = None,
    site: str | None = None,
    occurred_at: Time | None = None,
    id: Id | None = None,
    **more: object,
) -> Event:
    """A payment ended with the `status` success, failed or refunded."""
    data = {
        "order_id": order_id,
        "payment_method": payment_method,
        "amount": amount,
        "status": status,
        "transaction_id": transaction_id,
    }
    return compose("payment_processed", {**more, **data}, site=site, occurred_at=occurred_at, id_=id)


@hook
def staff_action(
    *,
    staff_id: Id,
    action_type: str,
    staff_name: str | None = None,
    shift_id: Id | None = None,
    action_data: object = None,
    site: str | None = None,
    occurred_at: Time | None = None,
    id: Id | None = None,
    **more: object,
) -> Event:
    """Somebody of the staff did something that counts, such as `shift_started`."""
    data = {
        "staff_id": staff_id,
        "action_type": action_type,
        "staff_name": staff_name,
        "shift_id": shift_id,
        "action_data": action_data,
    }
    return compose("staff_action", {**more, **data}, site=site, occurred_at=occurred_at, id_=id)


@hook
def customer_action(
    *,
    customer_id: Id,
    action_type: str,
    action_data: object = None,
    site: str | None = None,
    occurred_at: Time | None = None,
    id: Id | None = None,
    **more: object,
) -> Event:
    """A customer did something that counts, such as `loyalty_earned`."""
    data = {"customer_id": customer_id, "action_type": action_type, "action_data": action_data}
    return compose("customer_action", {**more, **data}, site=site, occurred_at=occurred_at, id_=id)


@hook
def inventory_updated(
    *,
    product: str,
    quantity: Amount,
    reorder_level: Amount | None = None,
    unit: str | None = None,
    site: str | None = None,
    occurred_at: Time | None = None,
    id: Id | None = None,
    **more: object,
) -> Event:
    """So much of a product is there now; it is low at or under its `reorder_level`."""
    data = {"product": product, "quantity": quantity, "reorder_level": reorder_level, "unit": unit}
    return compose("inventory_updated", {**more, **data}, site=site, occurred_at=occurred_at, id_=id)


@hook
def system_event(
    *,
    event_type: str,
    message: str,
    severity: str,
    source_service: str | None = None,
    event_data: object = None,
    site: str | None = None,
    occurred_at: Time | None = None,
    id: Id | None = None,
    **more: object,
) -> Event:
    """Something about the systems themselves, of the `severity` low, medium, high or critical."""
    data = {
        "event_type": event_type,
        "message": message,
        "severity": severity,
        "source_service": source_service,
        "event_data": event_data,
    }
    return compose("system_event", {**more, **data}, site=site, occurred_at=occurred_at, id_=id)


@hook
def trigger_alert(
    *,
    alert_name: str,
    message: str,
    metric_name: str,
    current_value: Amount,
    threshold_value: Amount,
    severity: str,
    site: str | None = None,
    occurred_at: Time | None = None,
    id: Id | None = None,
    **more: object,
) -> Event:
    """A module has found by itself that somebody must look: low, medium, high or critical."""
    data = {
        "alert_name": alert_name,
        "message": message,
        "metric_name": metric_name,
        "current_value": current_value,
        "threshold_value": threshold_value,
        "severity": severity,
    }
    return compose("alert_triggered", {**more, **data}, site=site, occurred_at=occurred_at, id_=id)


order_completed_async = twin(order_completed, "order_completed_async")
order_cancelled_async = twin(order_cancelled, "order_cancelled_async")
payment_processed_async = twin(payment_processed, "payment_processed_async")
staff_action_async = twin(staff_action, "staff_action_async")
customer_action_async = twin(customer_action, "customer_action_async")
inventory_updated_async = twin(inventory_updated, "inventory_updated_async")
system_event_async = twin(system_event, "system_event_async")
trigger_alert_async = twin(trigger_alert, "trigger_alert_async")
