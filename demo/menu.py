"""What the simulated restaurant sells, who works there and who comes: literal tables, and choices drawn from them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from random import Random


@dataclass(frozen=True, slots=True)
class Product:
    """`share` weighs it within its category; `stock` is what a morning begins with, for those that are counted."""

    name: str
    category: str
    price: Decimal
    share: int
    stock: int = 0

    @property
    def reorder_level(self) -> int:
        return self.stock // 5


@dataclass(frozen=True, slots=True)
class Person:
    """One of the staff; `share` is of the orders of a shift, `skill` moves the tips."""

    id: str
    name: str
    share: int
    skill: int


MENU = (
    Product("Bruschetta", "Starters", Decimal("7.50"), 5),
    Product("Burrata", "Starters", Decimal("11.00"), 3, stock=60),
    Product("Tomato soup", "Starters", Decimal("6.80"), 2),
    Product("Margherita", "Pizza", Decimal("12.50"), 9),
    Product("Diavola", "Pizza", Decimal("15.00"), 7, stock=130),
    Product("Quattro formaggi", "Pizza", Decimal("15.50"), 5),
    Product("Funghi", "Pizza", Decimal("14.50"), 4, stock=90),
    Product("Tagliatelle al ragù", "Pasta", Decimal("16.00"), 6),
    Product("Cacio e pepe", "Pasta", Decimal("14.00"), 4),
    Product("Ravioli of the day", "Pasta", Decimal("17.50"), 3, stock=70),
    Product("Branzino", "Grill", Decimal("24.00"), 3, stock=60),
    Product("Steak frites", "Grill", Decimal("26.50"), 4, stock=80),
    Product("Tiramisù", "Desserts", Decimal("7.50"), 6, stock=90),
    Product("Panna cotta", "Desserts", Decimal("6.50"), 4),
    Product("Lemonade", "Drinks", Decimal("4.50"), 6),
    Product("House wine", "Drinks", Decimal("8.00"), 7, stock=320),
    Product("Craft beer", "Drinks", Decimal("6.50"), 6, stock=280),
    Product("Espresso", "Drinks", Decimal("3.20"), 5),
)
STOCKED = tuple(product for product in MENU if product.stock)
MAINS = ("Pizza", "Pizza", "Pizza", "Pasta", "Pasta", "Grill")

STAFF = (
    Person("1", "Mia Novak", 6, 3),
    Person("2", "Jonas Weber", 5, 2),
    Person("3", "Aisha Khan", 6, 3),
    Person("4", "Luca Ferrari", 4, 2),
    Person("5", "Sofia Lindqvist", 5, 1),
    Person("6", "Mateo García", 3, 2),
    Person("7", "Hana Sato", 4, 3),
    Person("8", "Elif Demir", 3, 1),
)

WEEKDAYS = (0.72, 0.78, 0.88, 1.0, 1.32, 1.42, 1.08)
"""How busy a day is against the average, Monday first."""

REGULARS = 600


def dish(chance: Random, category: str) -> Product:
    choices = [product for product in MENU if product.category == category]
    return chance.choices(choices, [product.share for product in choices])[0]


def shift(chance: Random) -> list[Person]:
    """Who works on a day."""
    return sorted(chance.sample(STAFF, 6), key=lambda person: person.id)


def served_by(chance: Random, on_duty: list[Person]) -> Person:
    return chance.choices(on_duty, [person.share for person in on_duty])[0]


def customer(chance: Random, day: date, number: int) -> str | None:
    """Who the guest is: nobody known, somebody new, a regular, or one of those who were new some weeks ago."""
    luck = chance.random()
    if luck < 0.36:
        return None
    if luck < 0.48:
        return f"c-{day:%y%m%d}-{number}"
    if luck < 0.82:
        return f"c-{int(REGULARS * chance.random() ** 1.7):03}"
    return f"c-{date.fromordinal(day.toordinal() - chance.randint(1, 40)):%y%m%d}-{chance.randint(1, 80)}"
