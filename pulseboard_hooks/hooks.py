"""The hooks: one plain function for each type of event, and its twin for async code."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal

from pulseboard_hooks.events import Event, compose
from pulseboard_hooks.process import hook, in_async

Amount = Decimal | int | float | str
Id = str | int


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
    occurred_at: datetime | str | None = None,
    id: Id | None = None,
    **more: object,
) -> Event:
    """An order was completed, or a completed one is corrected. `more` is kept with the event.

    Units: the site's currency; `total_amount` is what the guest owes, after discounts, with tax, without tip.
    Time:  now, if `occurred_at` is left out; one without a zone is the local time of the process.
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


order_completed_async = in_async(order_completed, "order_completed_async")
