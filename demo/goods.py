"""What the invented wholesaler of `demo.order_lines` sells, and to whom: names from literal words, drawn by chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from random import Random
from typing import TypeVar

MANNERS = (
    "ENAMEL", "LINEN", "OAK", "WILLOW", "COPPER", "PAPER", "FELT", "GLASS", "STRIPED", "SPOTTED", "PAINTED", "VELVET",
    "WIRE", "CERAMIC", "QUILTED", "FOLDING",
)  # fmt: skip
MOTIFS = (
    "HERON", "HARBOUR", "MEADOW", "LANTERN", "ORCHARD", "FERN", "OTTER", "MARKET", "CLOUD", "BRAMBLE", "COMET",
    "TEAPOT", "PEAR", "REGATTA", "WREN", "ALPINE",
)  # fmt: skip
THINGS = (
    "MUG", "TEA TOWEL", "CANDLE HOLDER", "LUNCH BAG", "CAKE STAND", "BUNTING", "PICTURE FRAME", "DOORSTOP", "CUSHION",
    "STORAGE TIN", "GIFT WRAP", "NOTEBOOK", "WALL CLOCK", "APRON", 'SIGN "WELCOME"', "BOWL, SET OF 2",
)  # fmt: skip
COUNTRIES = ("United Kingdom", "Germany", "France", "EIRE", "Spain", "Netherlands", "Norway", "Portugal")
_COUNTRY_SHARES = (91, 2, 2, 1, 1, 1, 1, 1)
CUSTOMERS = 4_370

Ranked = TypeVar("Ranked")


@dataclass(frozen=True, slots=True)
class Goods:
    """An article of the catalogue; `pence` is what one costs."""

    stock_code: str
    description: str
    pence: int


@dataclass(frozen=True, slots=True)
class Buyer:
    """Who buys, and from where; `id` is empty for one whom the shop does not know."""

    id: str
    country: str


POSTAGE = Goods("POST", "POSTAGE", 1800)


def catalogue(chance: Random) -> list[Goods]:
    """4,096 articles, those that sell best first."""
    names = [" ".join(words) for words in product(MANNERS, MOTIFS, THINGS)]
    chance.shuffle(names)
    return [_goods(chance, number, name) for number, name in enumerate(names)]


def _goods(chance: Random, number: int, name: str) -> Goods:
    code = f"{20_000 + number // 2}{'' if number % 2 else chance.choice('ABCDEFGH')}"
    price = round(100 * min(250.0, chance.lognormvariate(0.9, 0.9)))
    ending = " £5" if number % 500 == 0 else chance.choice(("", "", "", " "))
    return Goods(code, name + ending, max(price, 4))


def buyers(chance: Random) -> list[Buyer]:
    """All known customers, the most faithful first."""
    countries = chance.choices(COUNTRIES, _COUNTRY_SHARES, k=CUSTOMERS)
    return [Buyer(str(12_000 + number), country) for number, country in enumerate(countries)]


def stranger(chance: Random) -> Buyer:
    return Buyer("", chance.choices(COUNTRIES, _COUNTRY_SHARES)[0])


def favourite(chance: Random, ranked: Sequence[Ranked]) -> Ranked:
    """One of them, the first much more often than the last."""
    return ranked[int(len(ranked) * chance.random() ** 2)]
