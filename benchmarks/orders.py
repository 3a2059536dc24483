"""An invented restaurant's orders as events, always the same for the same seed: what every benchmark works with."""

from __future__ import annotations

import random
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

ZONE = "Europe/Berlin"
FIRST_DAY = date(2017, 1, 2)
OPENS, CLOSES = 10, 20
CUSTOMERS_FOR_AN_ORDER = 0.05
"""How many customers there are, for each order of a year: so guests come again."""

_ZONE = ZoneInfo(ZONE)
_CENT = 100

MENU = tuple(
    (f"{name} {kind}", kind, price)
    for kind, names, price in (
        ("Pizza", ("Margherita", "Funghi", "Diavola", "Hawaii", "Calzone", "Marinara"), 950),
        ("Pasta", ("Carbonara", "Pesto", "Ragù", "Vongole"), 1150),
        ("Salad", ("Green", "Caesar", "Tomato"), 690),
        ("Drink", ("Water", "Lemonade", "Wine", "Beer", "Coffee"), 320),
        ("Dessert", ("Tiramisù", "Panna cotta"), 580),
    )
    for name in names
)
STAFF = tuple(enumerate(("Mia", "Ben", "Lea", "Tom", "Zoe", "Max", "Ida", "Jan", "Eva", "Kai"), 1))
CHANNELS = ("dine_in", "dine_in", "takeaway", "delivery")
METHODS = ("card", "card", "cash", "voucher")


class Restaurant:
    """Orders in the order of time: `per_day` on each day between opening and closing, all years alike.

    A day is the same whenever it is asked for, and whichever others were.
    """

    def __init__(self, per_day: int, seed: int = 7) -> None:
        self._seed = seed
        self._per_day = per_day
        self._customers = max(20, int(per_day * 365 * CUSTOMERS_FOR_AN_ORDER))
        self._random = random.Random(seed)
        self._number = 0

    def day(self, number: int) -> list[dict[str, Any]]:
        """The events of the day that is so many after the first one."""
        self._random.seed(f"{self._seed} {number}")
        self._number = number * self._per_day
        opens = datetime.combine(date_of(number), time(OPENS), _ZONE)
        seconds = sorted(self._random.uniform(0, (CLOSES - OPENS) * 3600) for _ in range(self._per_day))
        return [self.order(opens + timedelta(seconds=offset)) for offset in seconds]

    def order(self, at: datetime) -> dict[str, Any]:
        """One event; of 10 guests 6 are regulars, 1 is seen this once, and 3 are not known."""
        chance, self._number = self._random, self._number + 1
        lines = [self._line() for _ in range(chance.choice((1, 2, 2, 3)))]
        total = sum(cents for _, cents in lines)
        staff_id, staff_name = chance.choice(STAFF)
        data = {
            "order_id": str(self._number), "staff_id": str(staff_id), "staff_name": staff_name,
            "total_amount": money(total), "items_count": sum(line["quantity"] for line, _ in lines),
            "payment_method": chance.choice(METHODS), "channel": chance.choice(CHANNELS),
            "tax_amount": money(total * 7 // 107), "items": [line for line, _ in lines],
        }  # fmt: skip
        known = chance.random()
        if known < 0.6:
            data["customer_id"] = f"c-{chance.randrange(self._customers)}"
        elif known < 0.7:
            data["customer_id"] = f"once-{self._number}"
        if chance.random() < 0.3:
            data["tip_amount"] = money(total // 10)
        return event(f"order-{self._number}", at, data)

    def _line(self) -> tuple[dict[str, Any], int]:
        product, category, cents = self._random.choice(MENU)
        quantity = self._random.choice((1, 1, 1, 2))
        line = {
            "product": product, "category": category, "quantity": quantity,
            "unit_price": money(cents), "line_amount": money(cents * quantity),
        }  # fmt: skip
        return line, cents * quantity


def date_of(number: int) -> date:
    return FIRST_DAY + timedelta(days=number)


def event(event_id: str, at: datetime, data: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": event_id, "type": "order_completed", "source": "benchmark", "site": "main",
        "occurred_at": at.isoformat(timespec="milliseconds"), "data": data,
    }  # fmt: skip


def money(cents: int) -> str:
    return f"{cents // _CENT}.{cents % _CENT:02d}"
