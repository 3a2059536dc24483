"""The shortest way for the commonest event: a completed order as tills write it, from its JSON value to its fact. Pure.

The canonical text comes straight from the shapes below, so their fields stand in the order of the alphabet. What holds
anything else (an unnamed key, no id, any fault) goes through `schemas` and `facts`, which come to the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct
from pydantic_core import PydanticCustomError

from services.errors import InvalidEvent
from services.events.event_types import MAX_LINES
from services.events.facts import (
    MILLI,
    Accepted,
    Line,
    Order,
    Stamp,
    count_items,
    milli,
    minor,
    order_size,
    worth_of,
)
from services.events.schemas import fault
from services.events.values import instant, money, money_from_zero, plain, quantity

_Name = Annotated[str, Meta(min_length=1, max_length=200)]
_Id = Annotated[str, Meta(min_length=1, max_length=128)]
_Count = Annotated[int, Meta(ge=0, le=1_000_000)]

_remembered = lru_cache(maxsize=16_384)
_encode = msgspec.json.Encoder().encode
_NULL = "\\u0000"
_NOT_PLAIN = (msgspec.ValidationError, PydanticCustomError, InvalidEvent, UnicodeEncodeError, KeyError)


class PlainLine(Struct, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    category: _Name | None = None
    line_amount: str | None = None
    product: _Name
    quantity: int | float | str
    unit_price: str | None = None


class PlainSale(Struct, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    channel: _Name | None = None
    customer_id: _Id | None = None
    discount_amount: str | None = None
    items: Annotated[list[PlainLine], Meta(max_length=MAX_LINES)] | None = None
    items_count: _Count
    order_id: _Id
    payment_method: _Name | None = None
    staff_id: _Id | None = None
    staff_name: _Name | None = None
    table_no: _Id | None = None
    tax_amount: str | None = None
    tip_amount: str | None = None
    total_amount: str


class PlainOrder(Struct, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    data: PlainSale
    id: _Id
    occurred_at: str | int
    site: _Id | None = None
    source: _Id | None = None
    type: Literal["order_completed"]


_decode = msgspec.json.Decoder(PlainOrder).decode


def read(
    item: object, source: str, site: str, digits: Mapping[str, int]
) -> tuple[Accepted, tuple[str, str] | None] | None:
    """The accepted order and (staff_id, name) where it tells both; None where only the long way can tell.

    `source` and `site` are those of an order that names none; `digits` has the minor digits of each site's currency.
    """
    try:
        order = msgspec.convert(item, PlainOrder)
        order.site, order.source = order.site or site, order.source or source
        order.occurred_at = at = instant(order.occurred_at)
        fact = _fact(order.data, (at, order.id, order.source), digits[order.site])
        body = _encode(order).decode()
    except _NOT_PLAIN:
        return None
    return None if _NULL in body else _accepted(order, fact, body)


def read_again(body: bytes, digits: Mapping[str, int]) -> tuple[Accepted, tuple[str, str] | None] | None:
    """The same of a canonical body, which is left out; None where it is no plain order."""
    try:
        order = _decode(body)
    except msgspec.ValidationError:
        return None
    if not (order.site and order.source and isinstance(order.occurred_at, int)):
        return None
    fact = _fact(order.data, (order.occurred_at, order.id, order.source), digits[order.site])
    return _accepted(order, fact, "")


def _accepted(order: PlainOrder, fact: Order, body: str) -> tuple[Accepted, tuple[str, str] | None]:
    accepted = Accepted(str(order.site), str(order.source), order.id, order.type, fact.at, body, fact)
    staff_id, name = fact.staff_id, order.data.staff_name
    return accepted, (staff_id, name) if staff_id and name else None


def _fact(sale: PlainSale, stamp: Stamp, digits: int) -> Order:
    """The fact of a sale, whose values it writes in their canonical form."""
    sale.total_amount, total = _from_zero(sale.total_amount, digits)
    sale.discount_amount, discount = _from_zero(sale.discount_amount, digits)
    sale.tax_amount, tax = _from_zero(sale.tax_amount, digits)
    sale.tip_amount, tip = _from_zero(sale.tip_amount, digits)
    if sale.items is None:
        sale.items = []
    lines = tuple([_line(line, digits) for line in sale.items])
    items = count_items(lines) if lines else sale.items_count * MILLI
    return Order(
        sale.order_id, stamp, total, discount, tax, tip, items,
        sale.staff_id, sale.customer_id, sale.channel, sale.payment_method, order_size(total, digits), lines,
    )  # fmt: skip


def _line(line: PlainLine, digits: int) -> Line:
    line.quantity, quantity = _quantity(line.quantity)
    price = None
    if line.unit_price is not None:
        line.unit_price, price = _money(line.unit_price, digits)
    if line.line_amount is not None:
        line.line_amount, amount = _money(line.line_amount, digits)
    elif price is not None:
        amount = worth_of(quantity, price)
    else:
        raise InvalidEvent([fault("missing", "/data/items", "needs line_amount or unit_price")])
    return Line(line.product, line.category, quantity, amount)


# The same prices and quantities come again and again: each with its canonical text and its number.


@_remembered
def _money(text: str, digits: int) -> tuple[str, int]:
    return plain(money(text)), minor(text, digits)


@_remembered
def _from_zero(text: str | None, digits: int) -> tuple[str, int]:
    return ("0", 0) if text is None else (plain(money_from_zero(text)), minor(text, digits))


@_remembered
def _quantity(value: int | float | str) -> tuple[str, int]:
    text = quantity(value)
    return text, milli(text)
