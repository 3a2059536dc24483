"""The rollups: sums of what facts contribute, by minute, hour and business day."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, PrimaryKeyConstraint, String, Table

from services.metrics.catalogue import MEASURES
from services.storage.tables.base import metadata


def _measures() -> list[Column[int]]:
    return [Column(name, BigInteger, nullable=False, server_default="0") for name in MEASURES]


rollup_minute = Table(
    "rollup_minute",
    metadata,
    Column("site", String, nullable=False),
    Column("minute", BigInteger, nullable=False),
    *_measures(),
    PrimaryKeyConstraint("site", "minute"),
    sqlite_with_rowid=False,
)

# A wall-clock hour that a business day's turn cuts in two has two rows: the business date is part of the key.
rollup_hour = Table(
    "rollup_hour",
    metadata,
    Column("site", String, nullable=False),
    Column("dimension", String, nullable=False),
    Column("hour", BigInteger, nullable=False),
    Column("business_date", String, nullable=False),
    Column("value", String, nullable=False),
    *_measures(),
    PrimaryKeyConstraint("site", "dimension", "hour", "business_date", "value"),
    sqlite_with_rowid=False,
)

rollup_day = Table(
    "rollup_day",
    metadata,
    Column("site", String, nullable=False),
    Column("dimension", String, nullable=False),
    Column("business_date", String, nullable=False),
    Column("value", String, nullable=False),
    *_measures(),
    PrimaryKeyConstraint("site", "dimension", "business_date", "value"),
    sqlite_with_rowid=False,
)

customer_day = Table(
    "customer_day",
    metadata,
    Column("site", String, nullable=False),
    Column("dimension", String, nullable=False),  # "", staff or channel
    Column("business_date", String, nullable=False),
    Column("value", String, nullable=False),
    Column("customer_id", String, nullable=False),
    Column("orders", BigInteger, nullable=False),
    PrimaryKeyConstraint("site", "dimension", "business_date", "value", "customer_id"),
    sqlite_with_rowid=False,
)
