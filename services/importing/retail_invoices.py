"""An invoice of order lines as an event, or the reason why it is none. Pure; the mapping is told in docs/import.md.

An invoice is taken whole or not at all: what is left out of one would make the rest of it wrong.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple

from services.importing.reading import Event

SOURCE = "retail-lines"
MOST_ITEMS = 1_000
"""An event has at most so many; what goes beyond is one item, so that quantities and amounts stay whole."""
FURTHER_LINES = "(further lines)"

CREDIT_NOTE = re.compile(r"[Cc]\d+")
INVOICE = re.compile(r"\d+")
CENT = Decimal("0.01")


class Row(NamedTuple):
    """A line of the file; `product` is its description, or its stock code where it has none."""

    product: str
    stock_code: str
    price: Decimal
    quantity: int

    @property
    def amount(self) -> Decimal:
        return self.price * self.quantity


@dataclass(frozen=True, slots=True)
class Invoice:
    """All rows of one number; `occurred_at` is the earliest time among them, as RFC 3339."""

    number: str
    site: str
    occurred_at: str
    customers: tuple[str, ...]
    countries: tuple[str, ...]
    rows: tuple[Row, ...]

    @property
    def is_credit_note(self) -> bool:
        return CREDIT_NOTE.fullmatch(self.number) is not None

    @property
    def amount(self) -> Decimal:
        """What its rows add up to, exactly; of a credit note below zero."""
        return sum((row.amount for row in self.rows), Decimal(0))

    @property
    def repeated(self) -> int:
        """How many rows are the same as another one before, as far as a figure can tell."""
        return len(self.rows) - len(set(self.rows))


def reason_against(invoice: Invoice) -> str | None:
    """Why it is neither an order nor a refund; None where it is one."""
    if any(row.price < 0 for row in invoice.rows):
        return "a price below zero"
    if len(invoice.customers) > 1:
        return "more than one customer"
    if invoice.is_credit_note:
        return "a credit note that gives nothing back" if cents(-invoice.amount) <= 0 else None
    if not INVOICE.fullmatch(invoice.number):
        return "a number that is neither an invoice's (digits) nor a credit note's (C and digits)"
    if invoice.amount < 0:
        return "a total below zero"
    if sum(row.quantity for row in invoice.rows) < 0:
        return "units below zero on no credit note (stock written off)"
    return None


def event_of(invoice: Invoice) -> Event:
    """An `order_completed`; of a credit note an `order_cancelled` with its amount, for an order that is not known."""
    data = _refund(invoice) if invoice.is_credit_note else _order(invoice)
    if invoice.customers:
        data["customer_id"] = invoice.customers[0]
    if len(invoice.countries) == 1:
        data["country"] = invoice.countries[0]
    return {
        "id": invoice.number,
        "type": "order_cancelled" if invoice.is_credit_note else "order_completed",
        "source": SOURCE,
        "site": invoice.site,
        "occurred_at": invoice.occurred_at,
        "data": data,
    }


def cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_UP)


def _order(invoice: Invoice) -> dict[str, Any]:
    return {
        "order_id": invoice.number,
        "total_amount": str(cents(invoice.amount)),
        "items_count": sum(row.quantity for row in invoice.rows),
        "items": _items(invoice.rows),
    }


def _refund(invoice: Invoice) -> dict[str, Any]:
    return {"order_id": invoice.number, "amount": str(cents(-invoice.amount)), "returned": _items(invoice.rows)}


def _items(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """Rows of the same product, code and price are one item."""
    quantities: Counter[tuple[str, str, Decimal]] = Counter()
    for row in rows:
        quantities[row[:3]] += row.quantity
    together = sorted(Row(*kind, quantity) for kind, quantity in quantities.items())
    if len(together) <= MOST_ITEMS:
        return [_item(row) for row in together]
    ranked = sorted(together, key=lambda row: abs(row.amount), reverse=True)
    shown, rest = ranked[: MOST_ITEMS - 1], ranked[MOST_ITEMS - 1 :]
    return [*(_item(row) for row in sorted(shown)), _rest(rest)]


def _item(row: Row) -> dict[str, Any]:
    item: dict[str, Any] = {"product": row.product, "stock_code": row.stock_code, "quantity": row.quantity}
    if cents(row.price) == row.price:
        item["unit_price"] = str(cents(row.price))
    else:  # prices have no more digits than the currency
        item["exact_unit_price"] = str(row.price)
    item["line_amount"] = str(cents(row.amount))
    return item


def _rest(rows: list[Row]) -> dict[str, Any]:
    amount = sum((cents(row.amount) for row in rows), Decimal(0))
    quantity = sum(row.quantity for row in rows)
    return {"product": FURTHER_LINES, "products": len(rows), "quantity": quantity, "line_amount": str(amount)}
