"""`python -m demo.order_lines FILE`: a year of order lines of an invented wholesaler, to try an import with.

The shape is that of a well-known public export of an online shop: 541,909 lines, about 25,900 invoices, credit notes,
lines without a name or a customer, exact repetitions, prices of nothing and below. The data is not: every name is
invented, and every number drawn by chance from the seed. See docs/import.md.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import lzma
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from demo import goods, invoices
from demo.invoices import LONGEST, Invoice

ROWS = 541_909
SEED = 2010
FEWEST_ROWS = 500
FIRST_NUMBER = 400_001
COLUMNS = (
    "InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country"
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Plan:
    """How many of each there are among `rows` rows; the known sales take what the others leave."""

    rows: int

    @property
    def nameless_write_offs(self) -> int:
        return self._part(862)

    @property
    def noted_write_offs(self) -> int:
        return self._part(474)

    @property
    def nameless_samples(self) -> int:
        return self._part(592)

    @property
    def corrections(self) -> int:
        return 3

    @property
    def credit_notes(self) -> tuple[int, int]:
        """(notes, rows)"""
        return self._part(3_836), self._part(9_754)

    @property
    def strangers_sales(self) -> tuple[int, int]:
        """(invoices, rows): with the single rows above, a quarter of all rows names no customer."""
        return self._part(1_750), self._part(133_300)

    @property
    def known_sales(self) -> tuple[int, int]:
        single = self.nameless_write_offs + self.noted_write_offs + self.nameless_samples + self.corrections
        return self._part(18_383), self.rows - single - self.credit_notes[1] - self.strangers_sales[1]

    @property
    def repeated(self) -> int:
        return self._part(5_268)

    def _part(self, number: int) -> int:
        return max(1, round(self.rows * number / ROWS))


def all_invoices(plan: Plan, seed: int) -> list[Invoice]:
    """All of them, in order of time; the same for the same plan and seed."""
    chance = random.Random(seed)  # noqa: S311 - made-up data, reproducible
    stock, known = goods.catalogue(chance), goods.buyers(chance)
    to_strangers = _with_the_longest(chance, *plan.strangers_sales)
    to_known = lengths(chance, *plan.known_sales)
    repeats = repetitions(chance, [*to_strangers, *to_known], plan.repeated)
    sold = [
        *invoices.sales(chance, stock, (), to_strangers, repeats[: len(to_strangers)]),
        *invoices.sales(chance, stock, known, to_known, repeats[len(to_strangers) :]),
    ]
    made = [
        *sold,
        *invoices.credit_notes(chance, sold, lengths(chance, *plan.credit_notes)),
        *invoices.nameless(chance, stock, plan.nameless_write_offs, -1),
        *invoices.nameless(chance, stock, plan.nameless_samples, 1),
        *invoices.write_offs(chance, stock, plan.noted_write_offs),
        *invoices.corrections(plan.corrections),
    ]
    return sorted(made, key=lambda invoice: invoice.moment)


def lengths(chance: random.Random, number: int, total: int) -> list[int]:
    """`number` lengths from 1 that add up to `total`: most are short, some are very long."""
    weights = [min(chance.lognormvariate(0, 0.9), 12.0) for _ in range(number)]
    unit = (total - number) / sum(weights)
    drawn = [1 + int(weight * unit) for weight in weights]
    for index in range(total - sum(drawn)):
        drawn[index % number] += 1
    return drawn


def _with_the_longest(chance: random.Random, number: int, total: int) -> list[int]:
    """Lengths as above, one of them LONGEST where there are rows enough."""
    if total < 100 * LONGEST:
        return lengths(chance, number, total)
    return [LONGEST, *lengths(chance, number - 1, total - LONGEST)]


def repetitions(chance: random.Random, of_lengths: Sequence[int], total: int) -> list[int]:
    """How many lines of each invoice repeat another one of it: at most half."""
    repeats = [0] * len(of_lengths)
    places = [index for index, length in enumerate(of_lengths) for _ in range(length // 2)]
    for index in chance.sample(places, total):
        repeats[index] += 1
    return repeats


def rows(made: Sequence[Invoice]) -> Iterator[tuple[str | int, ...]]:
    """The lines of the file, as COLUMNS."""
    for number, invoice in enumerate(made, start=FIRST_NUMBER):
        for line in invoice.lines:
            yield (
                f"{invoice.mark}{number}", line.stock_code, line.description, line.quantity,
                f"{invoice.moment:%Y-%m-%d %H:%M:%S}", line.price, invoice.buyer.id, invoice.buyer.country,
            )  # fmt: skip


def write(path: Path, plan: Plan, seed: int = SEED) -> None:
    """Writes the CSV; a name that ends in .xz or .gz is packed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with _opened(path) as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(rows(all_invoices(plan, seed)))


def _opened(path: Path) -> TextIO:
    if path.suffix == ".xz":
        return lzma.open(path, "wt", encoding="utf-8", newline="", preset=1)
    if path.suffix == ".gz":
        return gzip.open(path, "wt", encoding="utf-8", newline="")
    return path.open("w", encoding="utf-8", newline="")


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m demo.order_lines", description="Make up a year of order lines.")
    parser.add_argument("file", type=Path, metavar="FILE", help="what to write: .csv, .csv.xz or .csv.gz")
    parser.add_argument("--rows", type=int, default=ROWS, help=f"how many lines; {ROWS} unless told")
    parser.add_argument("--seed", type=int, default=SEED, help="another seed makes other data")
    asked = parser.parse_args(arguments)
    if asked.rows < FEWEST_ROWS:
        parser.error(f"--rows must be at least {FEWEST_ROWS}")
    try:
        write(asked.file, Plan(asked.rows), asked.seed)
    except OSError as error:
        print(f"order_lines: {asked.file}: {error.strerror or error}", file=sys.stderr)
        return 1
    print(f"{asked.file}: {asked.rows:,} order lines; import them with")
    print(f"make import FILE={asked.file} SITE=shop TZ=Europe/London")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
