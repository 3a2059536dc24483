"""An event as the server takes it, made of whatever a caller passes. Pure, but for the id and the time it fills in."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from numbers import Integral, Real

MONEY_FIELDS = frozenset(
    {"total_amount", "discount_amount", "tax_amount", "tip_amount", "amount", "unit_price", "line_amount"}
)
MAX_EVENT_BYTES = 1024 * 1024
_JSON = frozenset({str, int, float, bool, type(None)})  # by far the most values: no look at their ancestors
EVENT, INVALIDATION = "event", "invalidation"


@dataclass(frozen=True, slots=True)
class Event:
    """What waits to be sent: encoded once, so that every retry sends the same bytes under the same id."""

    id: str
    body: bytes
    kind: str = EVENT  # or INVALIDATION: not an event, but it waits among them and keeps its place


def compose(
    type_: str,
    data: Mapping[str, object],
    *,
    site: str | None = None,
    occurred_at: datetime | str | None = None,
    id_: object = None,
) -> Event:
    """The event, encoded. Fields that are None are left out.

    Errors: TypeError or ValueError for what JSON cannot carry or the server would never take (NaN, over 1 MiB).
    """
    identity = _new_id() if id_ is None else str(plain(id_))
    event: dict[str, object] = {"id": identity, "type": type_, "occurred_at": moment(occurred_at)}
    if site is not None:
        event["site"] = site
    event["data"] = {str(key): field(str(key), value) for key, value in data.items() if value is not None}
    return Event(identity, _encoded(event))


def invalidation(pattern: str | None, widget_id: str | None) -> Event:
    """A wish that cached answers be dropped: of topics, of a widget, or (with neither) all."""
    named = {"pattern": pattern, "widget_id": widget_id}
    return Event(_new_id(), _encoded({key: plain(value) for key, value in named.items() if value}), INVALIDATION)


def _new_id() -> str:
    return str(uuid.uuid4())


def _encoded(value: object) -> bytes:
    body = json.dumps(value, allow_nan=False, separators=(",", ":")).encode("ascii")
    if len(body) > MAX_EVENT_BYTES:
        raise ValueError(f"the event has {len(body)} bytes; {MAX_EVENT_BYTES} at most are sent")
    return body


def moment(value: datetime | str | None) -> str:
    """RFC 3339 with offset; None is now, and a time without a zone is the local time of this process."""
    if isinstance(value, str):
        return value
    if value is None:
        return datetime.now(UTC).isoformat()
    if not isinstance(value, datetime):
        raise TypeError(f"occurred_at is a {type(value).__name__}, not a datetime or an RFC 3339 text")
    return (value if value.tzinfo else value.astimezone()).isoformat()


def field(name: str, value: object) -> object:
    return money(value) if name in MONEY_FIELDS else plain(value)


def money(value: object) -> object:
    """The amount as decimal text, digit for digit as printed: 0.1 is "0.1". None stays None."""
    if value is None:
        return None
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool) or not isinstance(value, (Decimal, Real)):
        raise TypeError(f"an amount is a {type(value).__name__}, not a number")
    amount = Decimal(_digits(value))
    if not amount.is_finite():
        raise ValueError(f"an amount is {amount}")
    return format(amount, "f")


def _digits(value: Decimal | Real) -> str:
    if isinstance(value, (Decimal, Integral)):
        return str(value)
    return float.__repr__(float(value))  # a subclass's repr may hold more than the number


def plain(value: object) -> object:
    """The value with JSON's own types only; amounts of money in it as text."""
    if type(value) in _JSON:
        return value
    if isinstance(value, Enum):
        return plain(value.value)
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, (Real, Decimal)):
        return _number(value)
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, (date, uuid.UUID)):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): field(str(key), item) for key, item in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, (bytes, bytearray)):
        return [plain(item) for item in value]
    raise TypeError(f"a {type(value).__name__} cannot be sent")


def _number(value: Real | Decimal) -> object:
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Decimal):
        return format(value, "f")
    return float(value)
