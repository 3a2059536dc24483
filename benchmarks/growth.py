"""(b) Reading the default dashboard uncached: does it matter how many orders the store holds?

The eight widgets are read as the API and the screen read them, with an empty cache each time, from a store of 10,000
and from one of 3,000,000 orders. Both are of the same restaurant, after 10 days and after 3,000: each day has 1,000
orders, and each store is looked at on the evening of its last day.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import partial

from benchmarks import shops
from benchmarks.figures import Figure, Samples, command, interleaved, seconds_of, stage
from benchmarks.places import directory
from benchmarks.shops import Shop

SMALL, LARGE, QUICK = 10, 3_000, 30
BOUND = 2.0


def days(quick: bool) -> tuple[int, int]:
    return SMALL, QUICK if quick else LARGE


def run(quick: bool) -> list[Figure]:
    with directory() as place:
        return compare(shops.build(place, days(quick)), quick)


def compare(built: Mapping[int, Shop], quick: bool) -> list[Figure]:
    few, many = (built[number] for number in days(quick))
    pairs = 10 if quick else 100
    with stage(f"{pairs} pairs of reads"):
        found = _samples(many, few, pairs)
    ours, theirs = found.medians
    ran = (
        f"{pairs} pairs of uncached reads of the default dashboard's 8 widgets in process, from a store with "
        f"{many.orders:,} orders (ours) and one with {few.orders:,} (the other); {shops.ORDERS_A_DAY:,} orders on "
        "each day of both, today's included."
    )
    return [
        Figure("(b) growth", ran, f"{ours * 1000:.1f} ms", f"{theirs * 1000:.1f} ms", f"{found.ratio:.2f} times",
               f"≤ {BOUND:g}", found.ratio <= BOUND)
    ]  # fmt: skip


def _samples(many: Shop, few: Shop, pairs: int) -> Samples:
    services = [shop.services() for shop in (many, few)]
    for one in services:  # both begin warm
        for _ in range(3):
            assert all(reading.status == "ok" for reading in shops.read_dashboard(one).values())

    ours, theirs = (partial(seconds_of, partial(shops.read_dashboard, one)) for one in services)
    found = interleaved(pairs, ours, theirs)
    for one in services:
        one.store.close()
    return found


if __name__ == "__main__":
    sys.exit(command(__doc__, run))
