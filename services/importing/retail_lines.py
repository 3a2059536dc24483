"""CSV files of order lines, as online shops export them: the lines of one number are one invoice or credit note.

The mapping is told in docs/import.md. It depends on the file's contents alone, not on the order of its lines.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, overload
from zoneinfo import ZoneInfo

import pandas as pd

from services.errors import InvalidRequest
from services.importing.csv_files import text_columns
from services.importing.reading import Event, Layout, Reading
from services.importing.retail_invoices import Invoice, Row, event_of, reason_against
from services.importing.retail_summary import Sorted, lines_set_aside, summary
from services.importing.wall_time import moments, to_rfc3339, zone_of

CURRENCY = "GBP"
COLUMNS = (
    "InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country"
)  # fmt: skip
_MUST_MATCH = (
    ("InvoiceNo", r"\S.{0,126}\S|\S", "InvoiceNo must have 1 to 128 characters"),
    ("StockCode", r".{1,200}", "StockCode must have 1 to 200 characters"),
    ("Description", r".{0,200}", "Description must have at most 200 characters"),
    ("Quantity", r"-?\d{1,9}", "Quantity must be a whole number"),
    ("UnitPrice", r"-?\d{1,9}(\.\d{1,4})?", "UnitPrice must be an amount with at most four decimals"),
    ("CustomerID", r".{0,128}", "CustomerID must have at most 128 characters"),
)
_SPREADSHEET_NUMBER = re.compile(r"(\d+)\.0")


def read(path: Path, site: str, tz: str) -> Reading:
    """Invoices as `order_completed` and credit notes as `order_cancelled`, in the order in which they happened.

    Time:   the file's times are wall-clock times in `tz`; see `to_rfc3339`.
    Units:  pounds sterling, exact; each total is rounded once, half up.
    Errors: InvalidRequest, with the line, for what cannot be read.
    """
    zone = zone_of(tz)
    frame = text_columns(path, COLUMNS).apply(lambda column: column.str.strip())
    _refuse_unreadable(frame)
    whole = Sorted()
    for invoice in _invoices(frame, site, zone):
        whole.add(invoice, reason_against(invoice))
    taken = sorted([*whole.orders, *whole.refunds], key=_when)
    return Reading(_Events(taken), summary(whole, CURRENCY), lines_set_aside(whole))


def _when(invoice: Invoice) -> tuple[datetime, str]:
    return datetime.fromisoformat(invoice.occurred_at), invoice.number


RETAIL_LINES = Layout("retail-lines", COLUMNS, CURRENCY, " invoices", read)


class _Events(Sequence[Event]):
    """Events that are made when they are asked for: all at once would take ten times the memory."""

    def __init__(self, invoices: Sequence[Invoice]) -> None:
        self._invoices = invoices

    def __len__(self) -> int:
        return len(self._invoices)

    @overload
    def __getitem__(self, index: int) -> Event: ...
    @overload
    def __getitem__(self, index: slice) -> list[Event]: ...
    def __getitem__(self, index: int | slice) -> Event | list[Event]:
        if isinstance(index, slice):
            return [event_of(invoice) for invoice in self._invoices[index]]
        return event_of(self._invoices[index])


def _refuse_unreadable(frame: pd.DataFrame) -> None:
    """Raises InvalidRequest with the first line that has no value of its kind."""
    faults = []
    for column, pattern, detail in _MUST_MATCH:
        wrong = (~frame[column].str.fullmatch(pattern)).to_numpy()
        if wrong.any():
            index = int(wrong.argmax())
            faults.append((index + 2, f"{detail}, not {frame[column].iloc[index]!r}"))
    if faults:
        line, detail = min(faults)
        raise InvalidRequest(f"line {line}: {detail}")


def _invoices(frame: pd.DataFrame, site: str, zone: ZoneInfo) -> list[Invoice]:
    happened = moments(frame["InvoiceDate"])
    price, customer = cache(Decimal), cache(_customer)
    rows: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for number, code, description, quantity, moment, cost, who, country in frame.itertuples(index=False, name=None):
        row = Row(description or code, code, price(cost), int(quantity))
        rows[number].append((happened[moment], customer(who), country, row))
    return [_invoice(number, lines, site, zone) for number, lines in rows.items()]


def _invoice(number: str, lines: list[tuple[Any, ...]], site: str, zone: ZoneInfo) -> Invoice:
    times, customers, countries, rows = zip(*lines, strict=True)
    return Invoice(
        number=number,
        site=site,
        occurred_at=to_rfc3339(min(times), zone),
        customers=tuple(sorted({*customers} - {""})),
        countries=tuple(sorted({*countries} - {""})),
        rows=tuple(sorted(rows)),
    )


def _customer(text: str) -> str:
    """Spreadsheets write 17850 as 17850.0 where some cells of the column are empty."""
    number = _SPREADSHEET_NUMBER.fullmatch(text)
    return number[1] if number else text
