"""The names and argument orders of the older API: calls written for it need only another import line."""

from __future__ import annotations

from datetime import datetime

from pulseboard_hooks.events import Event, compose
from pulseboard_hooks.hooks import Amount, Id
from pulseboard_hooks.process import hook, in_async


@hook
def order_completed_sync(
    order_id: Id,
    staff_id: Id | None = None,
    customer_id: Id | None = None,
    total_amount: Amount | None = None,
    items_count: int | None = None,
    table_no: Id | None = None,
    completed_at: datetime | str | None = None,
    *,
    site: str | None = None,
    occurred_at: datetime | str | None = None,
    id: Id | None = None,
    **more: object,
) -> Event:
    """As `order_completed`, by position too; `completed_at` is its older word for `occurred_at`."""
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
    happened = completed_at if occurred_at is None else occurred_at
    return compose("order_completed", {**more, **data}, site=site, occurred_at=happened, id_=id)


order_completed_hook = in_async(order_completed_sync, "order_completed_hook")
