"""The default dashboard's figures worked out with pandas from the raw rows of orders: what (c) compares with."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from benchmarks.orders import ZONE
from services.clock import Instant, to_instant

SQL = "SELECT order_id, occurred_at, total, staff_id, customer_id FROM orders WHERE site = 'main'"
SQL_OF_DAYS = f"{SQL} AND occurred_at >= ? AND occurred_at <= ?"
SQL_OF_FIRSTS = """
    SELECT customer_id, MIN(occurred_at) AS first_at FROM orders
    WHERE site = 'main' AND customer_id IN ({}) GROUP BY customer_id"""

Comparable = dict[str, Any]
"""What the eight widgets say: money in cents, hours as their labels."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Today and yesterday, each from its start to the present time of day."""

    today: Instant
    now: Instant
    yesterday: Instant
    then: Instant


def bounds(now: Instant) -> Bounds:
    moment = datetime.fromtimestamp(now / 1_000_000, ZoneInfo(ZONE))
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    before = timedelta(days=1)
    return Bounds(*map(to_instant, (midnight, moment, midnight - before, moment - before)))


def from_all_rows(file: Path, at: Bounds) -> Comparable:
    """From one frame with every order: whose first order it was is nowhere else to be found."""
    connection = sqlite3.connect(file)
    rows = pd.read_sql(SQL, connection)
    connection.close()
    return _figures(rows, rows.groupby("customer_id")["occurred_at"].min(), at)


def from_two_days(file: Path, at: Bounds) -> Comparable:
    """Kinder to pandas: the index gives it the orders of two days, and a second query the guests' first orders."""
    connection = sqlite3.connect(file)
    rows = pd.read_sql(SQL_OF_DAYS, connection, params=(at.yesterday, at.now))
    guests = rows.loc[rows["occurred_at"] >= at.today, "customer_id"].dropna().unique().tolist()
    sql = SQL_OF_FIRSTS.format(", ".join("?" * len(guests)))
    firsts = pd.read_sql(sql, connection, params=guests).set_index("customer_id")["first_at"]
    connection.close()
    return _figures(rows, firsts, at)


def _figures(rows: pd.DataFrame, firsts: pd.Series, at: Bounds) -> Comparable:
    today = rows[rows["occurred_at"].between(at.today, at.now)]
    before = rows[rows["occurred_at"].between(at.yesterday, at.then)]
    staff = today.groupby("staff_id")["total"].agg(["sum", "size"]).sort_values("sum", ascending=False).head(10)
    is_new = pd.Series(today["customer_id"].dropna().unique()).map(firsts) >= at.today
    return {
        "revenue": (int(today["total"].sum()), int(before["total"].sum())),
        "orders": (len(today), len(before)),
        "customers": (today["customer_id"].nunique(), before["customer_id"].nunique()),
        "average-order-value": (_mean(today["total"]), _mean(before["total"])),
        "hourly-revenue": (_by_hour(today).sum().to_dict(), _by_hour(before).sum().to_dict()),
        "top-staff": {who: (int(row["sum"]), int(row["size"])) for who, row in staff.iterrows()},
        "orders-by-hour": _by_hour(today).size().to_dict(),
        "customers-by-type": {"new": int(is_new.sum()), "returning": int((~is_new).sum())},
    }


def _by_hour(rows: pd.DataFrame) -> Any:
    local = pd.to_datetime(rows["occurred_at"], unit="us", utc=True).dt.tz_convert(ZONE)
    return rows.groupby(local.dt.floor("h", ambiguous="infer").map(lambda hour: hour.isoformat()))["total"]


def _mean(totals: pd.Series) -> int:
    return round(float(totals.mean()))
