"""The pizzaplace CSV as events: one line of the file is one pizza, the lines of one id are one order.

The mapping is told in docs/import.md. It depends on the file's contents alone, not on the order of its lines, so
that the same file read twice gives the same events under the same ids.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd

from services.errors import InvalidRequest
from services.importing.csv_files import text_columns
from services.importing.reading import Event, Layout, Reading
from services.importing.wall_time import to_rfc3339, zone_of

SOURCE = "pizzaplace"
CURRENCY = "USD"
COLUMNS = ("id", "date", "time", "name", "size", "type", "price")

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
_PRICE = re.compile(r"\d{1,6}(\.\d{1,2})?")


@dataclass(frozen=True, slots=True, order=True)
class Pizza:
    """What is on a line, and the same for all of its kind in an order."""

    name: str
    size: str
    type: str
    price: Decimal


@dataclass(frozen=True, slots=True)
class Row:
    order_id: str
    happened: datetime  # wall-clock time at the restaurant, without a zone
    pizza: Pizza


def read(path: Path, site: str, tz: str) -> Reading:
    """One `order_completed` for each order of the file, in the order in which they happened.

    Time:   the file's times are wall-clock times in `tz`; see `to_rfc3339`.
    Units:  US dollars, exact; identical lines are several of the same pizza and add up to one item.
    Errors: InvalidRequest, with the line, for what cannot be read.
    """
    zone = zone_of(tz)
    orders: dict[str, list[Row]] = defaultdict(list)
    for row in _rows(text_columns(path, COLUMNS)):
        orders[row.order_id].append(row)
    events = [_event(rows, site, zone) for rows in orders.values()]
    events.sort(key=lambda event: (datetime.fromisoformat(event["occurred_at"]), event["id"]))
    return Reading(events, (_summary(events),))


PIZZAPLACE = Layout("pizzaplace", COLUMNS, CURRENCY, " orders", read)


def _summary(events: list[Event]) -> str:
    revenue = sum((Decimal(event["data"]["total_amount"]) for event in events), Decimal(0))
    days = len({event["occurred_at"][:10] for event in events})
    return f"read: {len(events):,} orders, {revenue:,.2f} {CURRENCY}, {days} days"


def _rows(frame: pd.DataFrame) -> Iterator[Row]:
    for line, values in enumerate(frame.itertuples(index=False, name=None), start=2):
        try:
            yield _row(*values)
        except ValueError as error:
            raise InvalidRequest(f"line {line}: {error}") from error


def _row(order_id: str, date: str, time: str, name: str, size: str, type_: str, price: str) -> Row:
    moment = f"{date}T{time}"
    if not order_id or len(order_id) > 128:
        raise ValueError("id must have 1 to 128 characters")
    if not _MOMENT.fullmatch(moment):
        raise ValueError(f"date and time must be YYYY-MM-DD and HH:MM:SS, not {date!r} and {time!r}")
    if not _PRICE.fullmatch(price):
        raise ValueError(f"price must be an amount with at most two decimals, not {price!r}")
    if not name or not type_:
        raise ValueError("name and type must not be empty")
    return Row(order_id, datetime.fromisoformat(moment), Pizza(name, size, type_, Decimal(price)))


def _event(rows: list[Row], site: str, zone: ZoneInfo) -> Event:
    order_id = rows[0].order_id
    pizzas = Counter(row.pizza for row in rows)
    return {
        "id": order_id,
        "type": "order_completed",
        "source": SOURCE,
        "site": site,
        "occurred_at": to_rfc3339(min(row.happened for row in rows), zone),
        "data": {
            "order_id": order_id,
            "total_amount": _money(sum((row.pizza.price for row in rows), Decimal(0))),
            "items_count": len(rows),
            "items": [_item(pizza, number) for pizza, number in sorted(pizzas.items())],
        },
    }


def _item(pizza: Pizza, number: int) -> Event:
    return {
        "product": pizza.name,
        "category": pizza.type,
        "size": pizza.size,
        "quantity": number,
        "unit_price": _money(pizza.price),
        "line_amount": _money(pizza.price * number),
    }


def _money(amount: Decimal) -> str:
    return f"{amount:.2f}"
