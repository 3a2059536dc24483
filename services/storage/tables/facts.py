"""The facts that events tell: a row for each order, line, refund, payment, action, stock level, staff and customer."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, PrimaryKeyConstraint, String, Table

from services.storage.tables.base import metadata

orders = Table(
    "orders",
    metadata,
    Column("site", String, nullable=False),
    Column("order_id", String, nullable=False),
    Column("source", String, nullable=False),
    Column("event_id", String, nullable=False),
    Column("occurred_at", BigInteger, nullable=False),
    Column("staff_id", String),
    Column("customer_id", String),
    Column("channel", String),
    Column("payment_method", String),
    Column("customer_type", String, nullable=False),
    Column("order_size", String, nullable=False),
    Column("total", BigInteger, nullable=False),
    Column("discount", BigInteger, nullable=False),
    Column("tax", BigInteger, nullable=False),
    Column("tip", BigInteger, nullable=False),
    Column("items", BigInteger, nullable=False),
    Column("lines", Integer, nullable=False),
    Column("lines_amount", BigInteger, nullable=False),
    PrimaryKeyConstraint("site", "order_id"),
    Index("orders_by_time", "site", "occurred_at"),
    Index("orders_by_customer", "site", "customer_id", "occurred_at", "order_id"),
)

order_lines = Table(
    "order_lines",
    metadata,
    Column("site", String, nullable=False),
    Column("order_id", String, nullable=False),
    Column("position", Integer, nullable=False),
    Column("product", String, nullable=False),
    Column("category", String),
    Column("quantity", BigInteger, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("occurred_at", BigInteger, nullable=False, server_default="0"),  # the order's, which tells the partition
    PrimaryKeyConstraint("site", "order_id", "position"),
    sqlite_with_rowid=False,
)

refunds = Table(
    "refunds",
    metadata,
    Column("site", String, nullable=False),
    Column("order_id", String, nullable=False),
    Column("source", String, nullable=False),
    Column("event_id", String, nullable=False),
    Column("occurred_at", BigInteger, nullable=False),
    Column("asked", BigInteger),  # None: the whole order was cancelled
    Column("booked", BigInteger),  # None: nothing is booked (yet) for this event
    Column("cancels", Integer, nullable=False),
    PrimaryKeyConstraint("site", "order_id", "source", "event_id"),
    Index("refunds_by_time", "site", "occurred_at"),
)

payments = Table(
    "payments",
    metadata,
    Column("site", String, nullable=False),
    Column("payment_key", String, nullable=False),  # the transaction and whether refunded, or the event
    Column("source", String, nullable=False),
    Column("event_id", String, nullable=False),
    Column("occurred_at", BigInteger, nullable=False),
    Column("order_id", String, nullable=False),
    Column("payment_method", String),
    Column("amount", BigInteger, nullable=False),
    Column("status", String, nullable=False),
    PrimaryKeyConstraint("site", "payment_key"),
    Index("payments_by_time", "site", "occurred_at"),
)

actions = Table(
    "actions",
    metadata,
    Column("site", String, nullable=False),
    Column("source", String, nullable=False),
    Column("event_id", String, nullable=False),
    Column("kind", String, nullable=False),  # staff_action, customer_action or system_event
    Column("occurred_at", BigInteger, nullable=False),
    Column("staff_id", String),
    Column("action_type", String),
    Column("severity", String),
    PrimaryKeyConstraint("site", "source", "event_id"),
    Index("actions_by_time", "site", "kind", "occurred_at"),
)

stock = Table(
    "stock",
    metadata,
    Column("site", String, nullable=False),
    Column("product", String, nullable=False),
    Column("source", String, nullable=False),
    Column("event_id", String, nullable=False),
    Column("occurred_at", BigInteger, nullable=False),
    Column("quantity", BigInteger, nullable=False),
    Column("reorder_level", BigInteger),
    PrimaryKeyConstraint("site", "product", "source", "event_id"),
    Index("stock_by_time", "site", "product", "occurred_at"),
    Index("stock_by_instant", "site", "occurred_at"),
)

staff = Table(
    "staff",
    metadata,
    Column("site", String, nullable=False),
    Column("staff_id", String, nullable=False),
    Column("name", String, nullable=False),
    Column("occurred_at", BigInteger, nullable=False),
    Column("event_id", String, nullable=False),
    Column("source", String, nullable=False),
    PrimaryKeyConstraint("site", "staff_id"),
)

customers = Table(
    "customers",
    metadata,
    Column("site", String, nullable=False),
    Column("customer_id", String, nullable=False),
    Column("first_at", BigInteger, nullable=False),
    Column("first_order", String, nullable=False),
    PrimaryKeyConstraint("site", "customer_id"),
)
