"""The names and argument orders of the older API: calls written for it need only another import line.

Each takes what it took, by position or keyword, with its older word for `occurred_at`, and by keyword what the hook of
today takes beside: `site`, `id`, further fields. The `…_hook` and `force_dashboard_refresh` are awaited, the `…_sync`
are not.
"""

from __future__ import annotations

from collections.abc import Mapping

from pulseboard_hooks.calls import hook, twin
from pulseboard_hooks.events import Event, compose, invalidation
from pulseboard_hooks.hooks import Amount, Id, Time


def _event(type_: str, data: Mapping[str, object], happened: Time | None, more: dict[str, object]) -> Event:
    """The event, with what a hook of today takes beside."""
    site, occurred_at, id_ = more.pop("site", None), more.pop("occurred_at", None), more.pop("id", None)
    when = happened if occurred_at is None else occurred_at
    return compose(type_, {**more, **data}, site=site, occurred_at=when, id_=id_)  # type: ignore[arg-type]


@hook
def order_completed_sync(
    order_id: Id,
    staff_id: Id | None = None,
    customer_id: Id | None = None,
    total_amount: Amount | None = None,
    items_count: int | None = None,
    table_no: Id | None = None,
    completed_at: Time | None = None,
    **more: object,
) -> Event:
    if total_amount is None or items_count is None:
        raise TypeError("total_amount and items_count are required")
    data = {
        "order_id": order_id,
        "staff_id": staff_id,
        "customer_id": customer_id,
        "total_amount": total_amount,
        "items_count": items_count,
        "table_no": table_no,
    }
    return _event("order_completed", data, completed_at, more)


@hook
def _order_cancelled(
    order_id: Id,
    staff_id: Id | None = None,
    reason: str | None = None,
    cancelled_at: Time | None = None,
    **more: object,
) -> Event:
    data = {"order_id": order_id, "staff_id": staff_id, "reason": reason}
    return _event("order_cancelled", data, cancelled_at, more)


@hook
def staff_action_sync(
    staff_id: Id,
    action_type: str,
    action_data: Mapping[str, object] | None = None,
    shift_id: Id | None = None,
    timestamp: Time | None = None,
    **more: object,
) -> Event:
    data = {"staff_id": staff_id, "action_type": action_type, "action_data": action_data, "shift_id": shift_id}
    return _event("staff_action", data, timestamp, more)


@hook
def _customer_action(
    customer_id: Id,
    action_type: str,
    action_data: Mapping[str, object] | None = None,
    timestamp: Time | None = None,
    **more: object,
) -> Event:
    data = {"customer_id": customer_id, "action_type": action_type, "action_data": action_data}
    return _event("customer_action", data, timestamp, more)


@hook
def _payment_processed(
    order_id: Id,
    payment_method: str,
    amount: Amount,
    status: str,
    transaction_id: Id | None = None,
    processed_at: Time | None = None,
    **more: object,
) -> Event:
    data = {
        "order_id": order_id,
        "payment_method": payment_method,
        "amount": amount,
        "status": status,
        "transaction_id": transaction_id,
    }
    return _event("payment_processed", data, processed_at, more)


@hook
def _system_event(
    event_type: str,
    message: str,
    severity: str = "low",
    source_service: str = "unknown",
    event_data: Mapping[str, object] | None = None,
    timestamp: Time | None = None,
    **more: object,
) -> Event:
    data = {
        "event_type": event_type,
        "message": message,
        "severity": severity,
        "source_service": source_service,
        "event_data": event_data,
    }
    return _event("system_event", data, timestamp, more)


@hook
def _trigger_custom_alert(
    alert_name: str,
    message: str,
    metric_name: str,
    current_value: Amount,
    threshold_value: Amount,
    severity: str = "medium",
    **more: object,
) -> Event:
    data = {
        "alert_name": alert_name,
        "message": message,
        "metric_name": metric_name,
        "current_value": current_value,
        "threshold_value": threshold_value,
        "severity": severity,
    }
    return _event("alert_triggered", data, None, more)


@hook
def invalidate_analytics_cache_sync(cache_pattern: str | None = None) -> Event:
    """A pattern that names no topic is one of the older caches' own: then everything is dropped, never too little."""
    return invalidation(cache_pattern if cache_pattern and "@" in cache_pattern else None, None)


@hook
def force_dashboard_refresh_sync() -> Event:
    return invalidation(None, None)


order_completed_hook = twin(order_completed_sync, "order_completed_hook")
order_cancelled_hook = twin(_order_cancelled, "order_cancelled_hook")
staff_action_hook = twin(staff_action_sync, "staff_action_hook")
customer_action_hook = twin(_customer_action, "customer_action_hook")
payment_processed_hook = twin(_payment_processed, "payment_processed_hook")
system_event_hook = twin(_system_event, "system_event_hook")
trigger_custom_alert_hook = twin(_trigger_custom_alert, "trigger_custom_alert_hook")
invalidate_analytics_cache_hook = twin(invalidate_analytics_cache_sync, "invalidate_analytics_cache_hook")
force_dashboard_refresh = twin(force_dashboard_refresh_sync, "force_dashboard_refresh")
