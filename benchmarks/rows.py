"""(c) The default dashboard read uncached from 1,000,000 orders, against pandas over the raw rows.

Both work out the figures of the same eight widgets from the same store, and have to agree. The other reads the orders
into a frame and groups them; which guests are new is told by their first order ever, so it reads them all. A second,
kinder pandas is timed too: it has SQLite's index pick the two days and look up the first orders of today's guests.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from benchmarks import raw_rows, shops
from benchmarks.figures import Figure, command, interleaved, seconds_of, stage
from benchmarks.places import directory
from benchmarks.raw_rows import Comparable
from benchmarks.shops import Shop
from services.container import Services
from widgets.board import WidgetReading

DAYS, QUICK = 1_000, 30
BOUND = 100


def days(quick: bool) -> int:
    return QUICK if quick else DAYS


def run(quick: bool) -> list[Figure]:
    with directory() as place:
        return compare(shops.build(place, [days(quick)]), quick)


def compare(built: Mapping[int, Shop], quick: bool) -> list[Figure]:
    shop = built[days(quick)]
    services, at = shop.services(), raw_rows.bounds(shop.now)
    pandas_ways = (("", raw_rows.from_all_rows), (", of two days", raw_rows.from_two_days))
    figures = [_figure(name, services, shop, partial(read, shop.file, at), quick) for name, read in pandas_ways]
    services.store.close()
    return figures


def _figure(name: str, services: Services, shop: Shop, other: Callable[[], Comparable], quick: bool) -> Figure:
    ours, theirs = comparable(shops.read_dashboard(services)), other()
    assert ours == theirs, f"the figures differ: {ours} and {theirs}"
    pairs = 3 if quick else 9
    with stage(f"{pairs} pairs of reads, ours and pandas{name}"):
        found = interleaved(
            pairs, partial(seconds_of, partial(shops.read_dashboard, services)), partial(seconds_of, other)
        )
    mine, other_median = found.medians
    faster = other_median / mine
    ran = (
        f"{pairs} pairs: uncached reads of the default dashboard's 8 widgets from {shop.orders:,} orders, against "
        f"pandas {'over all raw rows' if not name else 'over two days of them, by index'}; equal figures."
    )
    return Figure(
        f"(c) raw rows{name}", ran, f"{mine * 1000:.1f} ms", f"{other_median * 1000:,.0f} ms",
        f"{faster:,.0f} times faster", f"≥ {BOUND}" if not name else "none", faster >= BOUND if not name else None,
    )  # fmt: skip


def comparable(readings: Mapping[str, WidgetReading]) -> Comparable:
    """Our eight widgets in the other's words."""
    data = {name: reading.data()["data"] for name, reading in readings.items()}
    current, previous = (series["points"] for series in data["hourly-revenue"]["series"])
    hours = data["orders-by-hour"]
    return {
        "revenue": _pair(data["revenue"], 100),
        "orders": _pair(data["orders"]),
        "customers": _pair(data["customers"]),
        "average-order-value": _pair(data["average-order-value"], 100),
        "hourly-revenue": (
            {point["x"]: _cents(point["y"]) for point in current if point["y"]},
            {point["compared_x"]: _cents(point["y"]) for point in previous if point["y"]},
        ),
        "top-staff": {row["staff"]: (_cents(row["revenue"]), row["orders"]) for row in data["top-staff"]["rows"]},
        "orders-by-hour": {
            hour: count for hour, count in zip(hours["labels"], hours["series"][0]["values"], strict=True) if count
        },
        "customers-by-type": {part["label"]: part["value"] for part in data["customers-by-type"]["slices"]},
    }


def _pair(card: Mapping[str, Any], scale: int = 1) -> tuple[int, int]:
    return round(card["value"] * scale), round(card["previous_value"] * scale)


def _cents(amount: float) -> int:
    return round(amount * 100)


if __name__ == "__main__":
    sys.exit(command(__doc__, run))
