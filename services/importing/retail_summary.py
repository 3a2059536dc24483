"""What became of a file of order lines, for a person to compare: every row is in one of its figures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from services.importing.retail_invoices import MOST_ITEMS, Invoice, cents

NUMBERS_SHOWN = 5
HEADING = (
    "InvoiceNo", "StockCode", "Product", "Quantity", "OccurredAt", "UnitPrice", "CustomerID", "Country", "Reason"
)  # fmt: skip


@dataclass(slots=True)
class Sorted:
    """The file's invoices by what they become; those set aside by their reason."""

    orders: list[Invoice] = field(default_factory=list)
    refunds: list[Invoice] = field(default_factory=list)
    aside: dict[str, list[Invoice]] = field(default_factory=lambda: defaultdict(list))

    def add(self, invoice: Invoice, reason: str | None) -> None:
        if reason is not None:
            self.aside[reason].append(invoice)
        elif invoice.is_credit_note:
            self.refunds.append(invoice)
        else:
            self.orders.append(invoice)

    @property
    def set_aside(self) -> list[Invoice]:
        return [invoice for reason in sorted(self.aside) for invoice in self.aside[reason]]


def summary(whole: Sorted, currency: str) -> list[str]:
    """The lines to print."""
    everything = [*whole.orders, *whole.refunds, *whole.set_aside]
    taken = [*whole.orders, *whole.refunds]
    days = sorted(invoice.occurred_at[:10] for invoice in taken)
    span = f", {days[0]} to {days[-1]}" if days else ""
    revenue, refunds, aside = (_rounded(part) for part in (whole.orders, whole.refunds, whole.set_aside))
    lines = [
        f"read: {_rows(everything):,} rows of {len(everything):,} invoices{span}",
        f"orders: {len(whole.orders):,} of {_rows(whole.orders):,} rows, {revenue:,.2f} {currency}",
        f"refunds: {len(whole.refunds):,} credit notes of {_rows(whole.refunds):,} rows, {-refunds:,.2f} {currency}",
        f"repeated: {sum(invoice.repeated for invoice in taken):,} rows say what another row of their invoice says; "
        "they count as further units",
    ]
    lines += _long_ones(whole.orders)
    lines += _set_aside(whole, currency)
    exact = sum((invoice.amount for invoice in everything), Decimal(0))
    rounding = revenue + refunds + aside - exact
    lines.append(
        f"all rows: {exact:,.2f} {currency} = orders - refunds + set aside"
        + (f", rounded to the penny by {rounding.normalize():f}" if rounding else "")
    )
    return lines


def lines_set_aside(whole: Sorted) -> list[tuple[str, ...]]:
    """Every row that becomes no event, with its reason, below a heading; nothing where there is none."""
    told = [
        (
            invoice.number, row.stock_code, row.product, str(row.quantity), invoice.occurred_at, str(row.price),
            " ".join(invoice.customers), " ".join(invoice.countries), reason,
        )
        for reason in sorted(whole.aside)
        for invoice in whole.aside[reason]
        for row in invoice.rows
    ]  # fmt: skip
    return [HEADING, *told] if told else []


def _set_aside(whole: Sorted, currency: str) -> list[str]:
    invoices = whole.set_aside
    if not invoices:
        return ["set aside: nothing"]
    amount = _rounded(invoices)
    lines = [f"set aside: {len(invoices):,} invoices of {_rows(invoices):,} rows, {amount:,.2f} {currency}:"]
    for reason, some in sorted(whole.aside.items()):
        numbers = ", ".join(sorted(invoice.number for invoice in some)[:NUMBERS_SHOWN])
        more = ", …" if len(some) > NUMBERS_SHOWN else ""
        figures = f"{len(some):,} of {_rows(some):,} rows, {_rounded(some):,.2f} {currency}"
        lines.append(f"  {reason}: {figures} ({numbers}{more})")
    return lines


def _long_ones(orders: Sequence[Invoice]) -> list[str]:
    long = [invoice for invoice in orders if len({row[:3] for row in invoice.rows}) > MOST_ITEMS]
    numbers = ", ".join(sorted(invoice.number for invoice in long))
    return [f"long: the last products of {numbers} stand together as one item"] if long else []


def _rounded(invoices: Iterable[Invoice]) -> Decimal:
    return sum((cents(invoice.amount) for invoice in invoices), Decimal(0))


def _rows(invoices: Iterable[Invoice]) -> int:
    return sum(len(invoice.rows) for invoice in invoices)
