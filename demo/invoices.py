"""The invoices of the invented wholesaler: sales, credit notes, write-offs, samples and corrections of its books.

Each kind has exactly as many lines as it is asked for; everything else is drawn by chance.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random

from demo.goods import POSTAGE, Buyer, Goods, favourite, stranger

FIRST_DAY, LAST_DAY = date(2010, 12, 1), date(2011, 12, 9)
LONGEST = 1_114  # lines: more than one event may have
NOBODY = Buyer("", "United Kingdom")
_SATURDAY, _SUNDAY = 5, 6
_QUANTITIES = (1, 1, 1, 2, 2, 3, 4, 6, 6, 8, 10, 12, 12, 24, 24, 48, 96)
_FREE_SHARE = 0.0011
_NOTES = ("damaged", "check?", "found in the loft", "wet", "missing")


@dataclass(frozen=True, slots=True)
class Line:
    stock_code: str
    description: str
    quantity: int
    price: str


@dataclass(frozen=True, slots=True)
class Invoice:
    """`mark` goes before its number: C for a credit note, A for a correction of the books."""

    moment: datetime
    mark: str
    buyer: Buyer
    lines: tuple[Line, ...]


def sales(
    chance: Random, goods: Sequence[Goods], buyers: Sequence[Buyer], lengths: Sequence[int], repeats: Sequence[int]
) -> Iterator[Invoice]:
    """One invoice of each length, the last `repeats[i]` of its lines being exactly others of it; `buyers` may be
    empty: then nobody knows who bought."""
    for length, repeated in zip(lengths, repeats, strict=True):
        buyer = favourite(chance, buyers) if buyers else stranger(chance)
        distinct = _bought(chance, goods, buyer, length - repeated)
        lines = [*distinct, *chance.choices(distinct, k=repeated)]
        chance.shuffle(lines)
        yield Invoice(_moment(chance), "", buyer, tuple(lines))


def credit_notes(chance: Random, sold: Sequence[Invoice], lengths: Sequence[int]) -> Iterator[Invoice]:
    """Goods of some sale that come back within a month."""
    for length in lengths:
        sale = chance.choice(sold)
        while len(distinct := list(dict.fromkeys(sale.lines))) < length:
            sale = chance.choice(sold)
        lines = (_returned(chance, line) for line in chance.sample(distinct, length))
        back = sale.moment + timedelta(minutes=chance.randint(5, 30 * 24 * 60))
        last = datetime.combine(LAST_DAY, time(17, 30))
        yield Invoice(min(back, last), "C", sale.buyer, tuple(lines))


def nameless(chance: Random, goods: Sequence[Goods], number: int, sign: int) -> Iterator[Invoice]:
    """Movements of stock that bear no name, price or customer."""
    for _ in range(number):
        line = Line(favourite(chance, goods).stock_code, "", sign * chance.choice(_QUANTITIES), "0.0")
        yield Invoice(_moment(chance), "", NOBODY, (line,))


def write_offs(chance: Random, goods: Sequence[Goods], number: int) -> Iterator[Invoice]:
    """Goods that are gone, with what somebody noted in the place of their name."""
    for _ in range(number):
        line = Line(favourite(chance, goods).stock_code, chance.choice(_NOTES), -chance.choice(_QUANTITIES), "0.0")
        yield Invoice(_moment(chance), "", NOBODY, (line,))


def corrections(number: int) -> Iterator[Invoice]:
    """Bad debt, booked for once and then twice the other way."""
    for price in ("9410.55", "-9410.55", "-9410.55")[:number]:
        moment = datetime(2011, 8, 12, 14, 50)  # noqa: DTZ001 - wall-clock time, as in the file
        yield Invoice(moment, "A", NOBODY, (Line("B", "Adjust bad debt", 1, price),))


def _bought(chance: Random, goods: Sequence[Goods], buyer: Buyer, number: int) -> list[Line]:
    chosen: dict[str, Goods] = {}
    if buyer.country != "United Kingdom" and number > 1:
        chosen[POSTAGE.stock_code] = POSTAGE
    while len(chosen) < number:
        one = favourite(chance, goods)
        chosen[one.description] = one
    return [_line(chance, one, retail=not buyer.id) for one in chosen.values()]


def _line(chance: Random, one: Goods, *, retail: bool) -> Line:
    luck = chance.random()
    if luck < _FREE_SHARE:
        price = "0.0"
    elif luck > 1 - 1e-5:
        price = "0.001"
    else:
        pence = one.pence * 2 if retail else one.pence
        price = f"{pence // 100}.{pence % 100:02}".removesuffix("0")
    return Line(one.stock_code, one.description, chance.choice(_QUANTITIES), price)


def _returned(chance: Random, line: Line) -> Line:
    return Line(line.stock_code, line.description, -chance.randint(1, line.quantity), line.price)


def _moment(chance: Random) -> datetime:
    """When the shop is open: not on Saturdays, and more often towards the end of the year."""
    days = (LAST_DAY - FIRST_DAY).days
    while True:
        day = FIRST_DAY + timedelta(days=round(days * (1 - chance.random() ** 1.25)))
        if day.weekday() != _SATURDAY and (day.weekday() != _SUNDAY or chance.random() < 0.6):
            break
    closing = 16 if day.weekday() == _SUNDAY else 20
    minute = int(chance.triangular(8 * 60, closing * 60, 12.5 * 60))
    return datetime.combine(day, time(minute // 60, minute % 60))
