"""The first tables"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "actions",
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("occurred_at", sa.BigInteger(), nullable=False),
        sa.Column("staff_id", sa.String(), nullable=True),
        sa.Column("action_type", sa.String(), nullable=True),
        sa.Column("severity", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("site", "source", "event_id"),
    )
    with op.batch_alter_table("actions", schema=None) as batch_op:
        batch_op.create_index("actions_by_time", ["site", "kind", "occurred_at"], unique=False)

    op.create_table(
        "api_keys",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("key_hash", sa.String(), nullable=False),
        sa.Column("permissions", sa.Text(), nullable=False),
        sa.Column("sites", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key_hash"),
    )
    op.create_table(
        "customer_day",
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("dimension", sa.String(), nullable=False),
        sa.Column("business_date", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("customer_id", sa.String(), nullable=False),
        sa.Column("orders", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("site", "dimension", "business_date", "value", "customer_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "customers",
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("customer_id", sa.String(), nullable=False),
        sa.Column("first_at", sa.BigInteger(), nullable=False),
        sa.Column("first_order", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("site", "customer_id"),
    )
    op.create_table(
        "dashboard_versions",
        sa.Column("dashboard_id", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("widgets", sa.Text(), nullable=False),
        sa.Column("saved_by", sa.String(), nullable=False),
        sa.Column("saved_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("dashboard_id", "version"),
    )
    op.create_table(
        "dashboards",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("widgets", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("dashboards", schema=None) as batch_op:
        batch_op.create_index("dashboards_by_owner", ["owner"], unique=False)

    op.create_table(
        "events",
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("occurred_at", sa.BigInteger(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("site", "source", "id"),
    )
    with op.batch_alter_table("events", schema=None) as batch_op:
        batch_op.create_index("events_by_type", ["site", "type", "occurred_at"], unique=False)

    op.create_table(
        "order_lines",
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("order_id", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("product", sa.String(), nullable=False),
        sa.Column("category", sa.String(), nullable=True),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("site", "order_id", "position"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "orders",
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("order_id", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("occurred_at", sa.BigInteger(), nullable=False),
        sa.Column("staff_id", sa.String(), nullable=True),
        sa.Column("customer_id", sa.String(), nullable=True),
        sa.Column("channel", sa.String(), nullable=True),
        sa.Column("payment_method", sa.String(), nullable=True),
        sa.Column("customer_type", sa.String(), nullable=False),
        sa.Column("order_size", sa.String(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("discount", sa.BigInteger(), nullable=False),
        sa.Column("tax", sa.BigInteger(), nullable=False),
        sa.Column("tip", sa.BigInteger(), nullable=False),
        sa.Column("items", sa.BigInteger(), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("lines_amount", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("site", "order_id"),
    )
    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.create_index("orders_by_customer", ["site", "customer_id", "occurred_at", "order_id"], unique=False)
        batch_op.create_index("orders_by_time", ["site", "occurred_at"], unique=False)

    op.create_table(
        "payments",
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("payment_key", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("occurred_at", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.String(), nullable=False),
        sa.Column("payment_method", sa.String(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("site", "payment_key"),
    )
    with op.batch_alter_table("payments", schema=None) as batch_op:
        batch_op.create_index("payments_by_time", ["site", "occurred_at"], unique=False)

    op.create_table(
        "refunds",
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("order_id", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("occurred_at", sa.BigInteger(), nullable=False),
        sa.Column("asked", sa.BigInteger(), nullable=True),
        sa.Column("booked", sa.BigInteger(), nullable=True),
        sa.Column("cancels", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("site", "order_id", "source", "event_id"),
    )
    with op.batch_alter_table("refunds", schema=None) as batch_op:
        batch_op.create_index("refunds_by_time", ["site", "occurred_at"], unique=False)

    op.create_table(
        "rollup_day",
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("dimension", sa.String(), nullable=False),
        sa.Column("business_date", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("orders", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("revenue", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("discounts", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("tax", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("tips", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("items", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("lines", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("refunds", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("refund_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("cancellations", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("payments", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("payment_amount", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("payment_failures", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("staff_actions", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("customer_actions", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("system_events", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("site", "dimension", "business_date", "value"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "rollup_hour",
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("dimension", sa.String(), nullable=False),
        sa.Column("hour", sa.BigInteger(), nullable=False),
        sa.Column("business_date", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("orders", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("revenue", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("discounts", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("tax", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("tips", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("items", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("lines", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("refunds", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("refund_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("cancellations", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("payments", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("payment_amount", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("payment_failures", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("staff_actions", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("customer_actions", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("system_events", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("site", "dimension", "hour", "business_date", "value"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "rollup_minute",
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("minute", sa.BigInteger(), nullable=False),
        sa.Column("orders", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("revenue", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("discounts", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("tax", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("tips", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("items", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("lines", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("refunds", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("refund_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("cancellations", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("payments", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("payment_amount", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("payment_failures", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("staff_actions", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("customer_actions", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("system_events", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("site", "minute"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "sessions",
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("username", sa.String(), nullable=False),
        sa.Column("user_version", sa.Integer(), nullable=False),
        sa.Column("csrf_token", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("token_hash"),
    )
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.create_index("sessions_by_user", ["username"], unique=False)

    op.create_table(
        "sites",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("tz", sa.String(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("day_starts_at", sa.String(), nullable=False),
        sa.Column("settings_version", sa.Integer(), nullable=False),
        sa.Column("built_before", sa.String(), nullable=True),
        sa.Column("minutes_from", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "staff",
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("staff_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("occurred_at", sa.BigInteger(), nullable=False),
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("site", "staff_id"),
    )
    op.create_table(
        "stock",
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("product", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("occurred_at", sa.BigInteger(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("reorder_level", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("site", "product", "source", "event_id"),
    )
    with op.batch_alter_table("stock", schema=None) as batch_op:
        batch_op.create_index("stock_by_time", ["site", "product", "occurred_at"], unique=False)

    op.create_table(
        "tickets",
        sa.Column("ticket_hash", sa.String(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("ticket_hash"),
    )
    op.create_table(
        "topic_versions",
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("metric", sa.String(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("site", "metric"),
    )
    op.create_table(
        "users",
        sa.Column("username", sa.String(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("sites", sa.Text(), nullable=True),
        sa.Column("staff_id", sa.String(), nullable=True),
        sa.Column("disabled", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("username"),
    )


def downgrade() -> None:
    op.drop_table("users")
    op.drop_table("topic_versions")
    op.drop_table("tickets")
    with op.batch_alter_table("stock", schema=None) as batch_op:
        batch_op.drop_index("stock_by_time")

    op.drop_table("stock")
    op.drop_table("staff")
    op.drop_table("sites")
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.drop_index("sessions_by_user")

    op.drop_table("sessions")
    op.drop_table("rollup_minute")
    op.drop_table("rollup_hour")
    op.drop_table("rollup_day")
    with op.batch_alter_table("refunds", schema=None) as batch_op:
        batch_op.drop_index("refunds_by_time")

    op.drop_table("refunds")
    with op.batch_alter_table("payments", schema=None) as batch_op:
        batch_op.drop_index("payments_by_time")

    op.drop_table("payments")
    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.drop_index("orders_by_time")
        batch_op.drop_index("orders_by_customer")

    op.drop_table("orders")
    op.drop_table("order_lines")
    with op.batch_alter_table("events", schema=None) as batch_op:
        batch_op.drop_index("events_by_type")

    op.drop_table("events")
    with op.batch_alter_table("dashboards", schema=None) as batch_op:
        batch_op.drop_index("dashboards_by_owner")

    op.drop_table("dashboards")
    op.drop_table("dashboard_versions")
    op.drop_table("customers")
    op.drop_table("customer_day")
    op.drop_table("api_keys")
    with op.batch_alter_table("actions", schema=None) as batch_op:
        batch_op.drop_index("actions_by_time")

    op.drop_table("actions")
