"""What an accepted event says happened: the typed facts that figures are made of. Pure data.

Money in minor units of the site's currency, quantities in thousandths, time as Instant.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, NamedTuple

from services.clock import Instant
from services.errors import InvalidEvent
from services.events.schemas import fault

MILLI = 1_000
ORDER_SIZES = ((25, "small"), (50, "medium"))
"""Bounds in major units: an order under one is of that size."""
LARGEST_AMOUNT = 10**14
"""In minor units: a transaction's worth of such amounts still adds up to what a rollup can hold."""
LARGEST_QUANTITY = 10**9 * MILLI
_TENS: tuple[int, ...] = tuple(10**power for power in range(8))

Stamp = tuple[Instant, str, str]
"""(instant, id, source): of two events that speak of one thing, the greater is right."""


class Accepted(NamedTuple):
    """An event that was checked: where it is kept, its canonical body, and the fact it tells (None: only kept)."""

    site: str
    source: str
    id: str
    type: str
    at: Instant
    body: str
    fact: Fact | None

    @property
    def key(self) -> tuple[str, str, str]:
        """What it is known by: (site, source, id)."""
        return (self.site, self.source, self.id)

    @property
    def stamp(self) -> Stamp:
        return (self.at, self.id, self.source)


class Line(NamedTuple):
    product: str
    category: str | None
    quantity: int
    amount: int


class Order(NamedTuple):
    order_id: str
    stamp: Stamp
    total: int
    discount: int
    tax: int
    tip: int
    items: int
    staff_id: str | None
    customer_id: str | None
    channel: str | None
    payment_method: str | None
    order_size: str
    lines: tuple[Line, ...]

    @property
    def at(self) -> Instant:
        return self.stamp[0]


class Refund(NamedTuple):
    """A cancellation: of `asked` minor units, or of the whole order (None)."""

    order_id: str
    stamp: Stamp
    asked: int | None


class Payment(NamedTuple):
    key: str
    stamp: Stamp
    order_id: str
    payment_method: str
    amount: int
    status: str


class Action(NamedTuple):
    """A staff_action, customer_action or system_event."""

    kind: str
    stamp: Stamp
    staff_id: str | None = None
    action_type: str | None = None
    severity: str | None = None


class Stock(NamedTuple):
    product: str
    stamp: Stamp
    quantity: int
    reorder_level: int | None


Fact = Order | Refund | Payment | Action | Stock


def fact_of(kind: str, data: dict[str, Any], stamp: Stamp, digits: int) -> Fact | None:
    """The fact in checked data of an event, `digits` being the minor digits of the site's currency.

    Errors: InvalidEvent where an amount has more digits than the currency.
    """
    match kind:
        case "order_completed":
            return _order(data, stamp, digits)
        case "order_cancelled":
            asked = minor(data["amount"], digits, "amount") if "amount" in data else None
            return Refund(data["order_id"], stamp, asked)
        case "payment_processed":
            return _payment(data, stamp, digits)
        case "staff_action":
            return Action(kind, stamp, staff_id=data["staff_id"], action_type=data["action_type"])
        case "customer_action":
            return Action(kind, stamp, action_type=data["action_type"])
        case "system_event":
            return Action(kind, stamp, severity=data["severity"])
        case "inventory_updated":
            level = data.get("reorder_level")
            return Stock(data["product"], stamp, milli(data["quantity"]), None if level is None else milli(level))
    return None


def staff_name_of(data: dict[str, Any]) -> tuple[str, str] | None:
    """(staff_id, name) where an event tells both."""
    if data.get("staff_id") and data.get("staff_name"):
        return data["staff_id"], data["staff_name"]
    return None


def minor(amount: str, digits: int, *place: object) -> int:
    """Decimal text to minor units, exactly; `place` says where in the data it stands.

    Errors: InvalidEvent where `amount` has more digits than the currency, or is more than can be added up.
    """
    units = _minor(amount, digits)
    if units is None:
        detail = f"has more than the {digits} minor digits of the currency"
    elif -LARGEST_AMOUNT < units < LARGEST_AMOUNT:
        return units
    else:
        detail = "is too large an amount"
    raise InvalidEvent([fault("out_of_range", "/".join(("/data", *map(str, place))), detail)])


@lru_cache(maxsize=16_384)
def _minor(amount: str, digits: int) -> int | None:
    whole, _, fraction = amount.partition(".")
    return None if len(fraction) > digits else int(whole + fraction) * _TENS[digits - len(fraction)]


@lru_cache(maxsize=16_384)
def milli(quantity: str) -> int:
    """Decimal text of at most three decimals to thousandths."""
    whole, _, fraction = quantity.partition(".")
    return int(whole + fraction) * _TENS[3 - len(fraction)]


def _order(data: dict[str, Any], stamp: Stamp, digits: int) -> Order:
    total = minor(data["total_amount"], digits, "total_amount")
    lines = tuple([_line(item, index, digits) for index, item in enumerate(data["items"])])
    items = count_items(lines)
    return Order(
        order_id=data["order_id"],
        stamp=stamp,
        total=total,
        discount=minor(data["discount_amount"], digits, "discount_amount"),
        tax=minor(data["tax_amount"], digits, "tax_amount"),
        tip=minor(data["tip_amount"], digits, "tip_amount"),
        items=items if lines else data["items_count"] * MILLI,
        staff_id=data.get("staff_id"),
        customer_id=data.get("customer_id"),
        channel=data.get("channel"),
        payment_method=data.get("payment_method"),
        order_size=order_size(total, digits),
        lines=lines,
    )


def order_size(total: int, digits: int) -> str:
    for bound, size in ORDER_SIZES:
        if total < bound * _TENS[digits]:
            return size
    return "large"


def count_items(lines: Iterable[Line]) -> int:
    """The quantity of all lines. Raises InvalidEvent where they are too much to be added up."""
    count = pieces = worth = 0
    for _, _, quantity, amount in lines:
        count += quantity
        pieces += abs(quantity)
        worth += abs(amount)
    if worth >= LARGEST_AMOUNT or pieces >= LARGEST_QUANTITY:
        raise InvalidEvent([fault("out_of_range", "/data/items", "add up to more than can be counted")])
    return count


def _line(item: dict[str, Any], index: int, digits: int) -> Line:
    quantity = milli(item["quantity"])
    price = minor(item["unit_price"], digits, "items", index, "unit_price") if "unit_price" in item else 0
    if "line_amount" in item:
        amount = minor(item["line_amount"], digits, "items", index, "line_amount")
    else:
        amount = worth_of(quantity, price)
    return Line(item["product"], item.get("category"), quantity, amount)


def worth_of(quantity: int, price: int) -> int:
    """Thousandths times a price, rounded to the nearest; halves go away from zero, as they do in Decimal."""
    worth = quantity * price
    sign = -1 if worth < 0 else 1
    return sign * ((2 * abs(worth) + MILLI) // (2 * MILLI))


def _payment(data: dict[str, Any], stamp: Stamp, digits: int) -> Payment:
    refunded = data["status"] == "refunded"
    transaction = data.get("transaction_id")
    _, event_id, source = stamp
    key = f"transaction:{transaction}:{int(refunded)}"
    if transaction is None:  # the length tells where the source ends, whatever colons it holds
        key = f"event:{len(source)}:{source}:{event_id}"
    amount = minor(data["amount"], digits, "amount")
    return Payment(key, stamp, data["order_id"], data["payment_method"], amount, data["status"])
