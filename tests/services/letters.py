"""Dead letters to put into a store, as the processor leaves them there."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

from services import clock
from services.events import schemas
from services.storage import queue
from services.storage.queue import Letter

NOON = clock.to_instant(datetime(2026, 3, 1, 12, tzinfo=UTC))
REASON = "order_completed: the amounts add up to more than can be counted"
DATA: dict[str, dict[str, Any]] = {
    "order_completed": {"total_amount": "12.50", "items_count": 1},
    "order_cancelled": {},
    "payment_processed": {"payment_method": "card", "amount": "12.50", "status": "success"},
    "staff_action": {"staff_id": "7", "action_type": "clock_in"},
    "system_event": {"event_type": "printer", "message": "out of paper", "severity": "low"},
}


def letter(
    event_id: str,
    site: str = "main",
    minute: int = 0,
    reason: str = REASON,
    type: str = "order_completed",
    when: str = "2026-03-01T12:00:00Z",
    **data: Any,
) -> Letter:
    """Of an event that died so many minutes after noon; what its data needs is there."""
    plain = {"order_id": event_id} if type.startswith(("order", "payment")) else {}
    named = {"id": event_id, "type": type, "source": "till", "site": site, "occurred_at": when}
    event = schemas.check({**named, "data": {**plain, **DATA[type], **data}})
    happened, died = event["occurred_at"], NOON + minute * clock.MINUTE
    return Letter(
        site, uuid.uuid4().hex, "till", event_id, type, happened, schemas.canonical(event), reason, 5, died
    )  # fmt: skip


def bury(place: Any, *letters: Letter) -> list[Letter]:
    """Into the store of `place`, whatever else it has."""
    with place.store.writing() as connection:
        queue.bury(connection, letters)
    return list(letters)
