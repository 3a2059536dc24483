"""On PostgreSQL alone: the unique keys of partitioned tables, and where each lies.

A unique key over all partitions would have to hold `occurred_at`, and then one order could be there twice. So these
tables, which are not partitioned, hold what must be unique and the instant that tells the partition.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, MetaData, PrimaryKeyConstraint, String, Table

PARTITIONED = ("events", "orders", "order_lines", "refunds", "payments", "actions", "stock")
"""Partitioned by the month of `occurred_at`, which is part of their primary keys there."""

metadata = MetaData()

event_keys = Table(
    "event_keys",
    metadata,
    Column("site", String, nullable=False),
    Column("source", String, nullable=False),
    Column("id", String, nullable=False),
    Column("digest", LargeBinary, nullable=False),  # of the canonical body, which retention may take away
    PrimaryKeyConstraint("site", "source", "id"),
)

order_keys = Table(
    "order_keys",
    metadata,
    Column("site", String, nullable=False),
    Column("order_id", String, nullable=False),
    Column("occurred_at", BigInteger),  # None: nothing but refunds of it were heard of
    Column("refunded", Integer, nullable=False),  # whether there are refunds of it
    PrimaryKeyConstraint("site", "order_id"),
)

payment_keys = Table(
    "payment_keys",
    metadata,
    Column("site", String, nullable=False),
    Column("payment_key", String, nullable=False),
    Column("occurred_at", BigInteger, nullable=False),
    PrimaryKeyConstraint("site", "payment_key"),
)
