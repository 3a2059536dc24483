"""The pizzaplace CSV as events: one line of the file is one pizza, the lines of one id are one order.

The mapping is told in docs/import.md. It depends on the file's contents alone, not on the order of its lines, so
that the same file read twice gives the same events under the same ids.
"""

from __future__ import annotations

import lzma
import re
import zoneinfo
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd

from services.errors import InvalidRequest

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


def read(path: Path, *, site: str, tz: str) -> list[dict[str, Any]]:
    """One `order_completed` for each order of the file, in the order in which they happened.

    Time:   the file's times are wall-clock times in `tz`; see `to_rfc3339`.
    Units:  US dollars, exact; identical lines are several of the same pizza and add up to one item.
    Errors: InvalidRequest, with the line, for what cannot be read.
    """
    zone = _zone(tz)
    orders: dict[str, list[Row]] = defaultdict(list)
    for row in _rows(_frame(path)):
        orders[row.order_id].append(row)
    events = [_event(rows, site, zone) for rows in orders.values()]
    return sorted(events, key=lambda event: (datetime.fromisoformat(event["occurred_at"]), event["id"]))


def to_rfc3339(happened: datetime, zone: zoneinfo.ZoneInfo) -> str:
    """The wall-clock time with its offset.

    Time: one that the clocks show twice is the first of the two; one that they skip is read with the offset from
          before the change, so that it lands as long after the change as it seems to lie behind it.
    """
    return happened.replace(tzinfo=zone, fold=0).astimezone(UTC).astimezone(zone).isoformat()


def _zone(tz: str) -> zoneinfo.ZoneInfo:
    if tz not in zoneinfo.available_timezones():
        raise InvalidRequest(f"{tz} is no IANA zone such as America/New_York", pointer="/tz")
    return zoneinfo.ZoneInfo(tz)


def _frame(path: Path) -> pd.DataFrame:
    """The file as text, nothing guessed; a packed one (.xz, .gz, .bz2, .zip) is unpacked by its name."""
    try:
        frame = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except OSError as error:
        raise InvalidRequest(f"{path}: {error.strerror or error}") from error
    except (ValueError, lzma.LZMAError, EOFError) as error:
        raise InvalidRequest(f"{path} is not a CSV file: {error}") from error
    missing = [column for column in COLUMNS if column not in frame.columns]
    if missing:
        raise InvalidRequest(f"{path} lacks the columns {', '.join(missing)}")
    return frame[list(COLUMNS)]


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


def _event(rows: list[Row], site: str, zone: zoneinfo.ZoneInfo) -> dict[str, Any]:
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


def _item(pizza: Pizza, number: int) -> dict[str, Any]:
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
