"""The tables. Every primary and unique key of facts and rollups holds the site.

Instants are microseconds since the epoch; money is in minor units, quantities in thousandths; business dates are
`YYYY-MM-DD`. In rollups a missing dimension value is the empty text, since keys hold no nulls.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, PrimaryKeyConstraint, String, Table, Text

from services.metrics.catalogue import MEASURES

metadata = MetaData()

sites = Table(
    "sites",
    metadata,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("tz", String, nullable=False),
    Column("currency", String, nullable=False),
    Column("day_starts_at", String, nullable=False),
    Column("settings_version", Integer, nullable=False, default=1),
    # Rollups of business dates from here on are being built anew; None: all are there.
    Column("built_before", String),
    # Minute rollups from this instant on are there.
    Column("minutes_from", BigInteger, nullable=False, default=0),
)

events = Table(
    "events",
    metadata,
    Column("site", String, nullable=False),
    Column("source", String, nullable=False),
    Column("id", String, nullable=False),
    Column("type", String, nullable=False),
    Column("occurred_at", BigInteger, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("body", Text, nullable=False),  # canonical JSON: equal bodies are equal events
    PrimaryKeyConstraint("site", "source", "id"),
    Index("events_by_type", "site", "type", "occurred_at"),
)

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

topic_versions = Table(
    "topic_versions",
    metadata,
    Column("site", String, nullable=False),
    Column("metric", String, nullable=False),
    Column("version", BigInteger, nullable=False),
    PrimaryKeyConstraint("site", "metric"),
)

users = Table(
    "users",
    metadata,
    Column("username", String, primary_key=True),
    Column("password_hash", String, nullable=False),
    Column("role", String, nullable=False),
    Column("sites", Text),  # JSON list; None: all
    Column("staff_id", String),
    Column("disabled", Integer, nullable=False, default=0),
    Column("version", Integer, nullable=False, default=1),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("key_hash", String, nullable=False, unique=True),
    Column("permissions", Text, nullable=False),  # JSON list
    Column("sites", Text),
    Column("created_at", BigInteger, nullable=False),
    Column("revoked_at", BigInteger),
    Column("version", Integer, nullable=False, default=1),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", String, primary_key=True),
    Column("username", String, nullable=False),
    Column("user_version", Integer, nullable=False),
    Column("csrf_token", String, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Index("sessions_by_user", "username"),
)

tickets = Table(
    "tickets",
    metadata,
    Column("ticket_hash", String, primary_key=True),
    Column("holder", Text, nullable=False),  # JSON: whose scope it opens a socket for
    Column("expires_at", BigInteger, nullable=False),
)

dashboards = Table(
    "dashboards",
    metadata,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("owner", String, nullable=False),
    Column("version", Integer, nullable=False),
    Column("widgets", Text, nullable=False),  # JSON list, the contract's shape
    Index("dashboards_by_owner", "owner"),
)

dashboard_versions = Table(
    "dashboard_versions",
    metadata,
    Column("dashboard_id", String, nullable=False),
    Column("version", Integer, nullable=False),
    Column("name", String, nullable=False),
    Column("widgets", Text, nullable=False),
    Column("saved_by", String, nullable=False),
    Column("saved_at", BigInteger, nullable=False),
    PrimaryKeyConstraint("dashboard_id", "version"),
)
