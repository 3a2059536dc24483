"""The queue of events and the dead letters; lines know their order's instant; PostgreSQL gets partitions and keys."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from services.storage import partitions
from services.storage.tables import PARTITIONED

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_queue()
    with op.batch_alter_table(
        "order_lines", schema=None, recreate="auto", table_kwargs={"sqlite_with_rowid": False}
    ) as batch_op:
        batch_op.add_column(sa.Column("occurred_at", sa.BigInteger(), server_default="0", nullable=False))
    op.execute(
        "UPDATE order_lines SET occurred_at = (SELECT o.occurred_at FROM orders o "
        "WHERE o.site = order_lines.site AND o.order_id = order_lines.order_id)"
    )
    op.create_index("stock_by_instant", "stock", ["site", "occurred_at"])
    if op.get_bind().dialect.name == "postgresql":
        _compare_by_code_point()
        _create_keys()
        _partition()


def _create_queue() -> None:
    op.create_table(
        "event_queue",
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("lane", sa.Integer(), nullable=False),
        sa.Column("queued_at", sa.BigInteger(), nullable=False),
        sa.Column("not_before", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.PrimaryKeyConstraint("site", "id"),
    )
    op.create_index("event_queue_in_turn", "event_queue", ["lane", "queued_at"])
    op.create_table(
        "dead_letters",
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("occurred_at", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("died_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("site", "id"),
    )
    op.create_index("dead_letters_by_time", "dead_letters", ["died_at"])


def _compare_by_code_point() -> None:
    """The database's own collation would order ids otherwise than Python and SQLite do."""
    texts = sa.text(
        "SELECT c.table_name, c.column_name FROM information_schema.columns c "
        "JOIN information_schema.tables t USING (table_schema, table_name) "
        "WHERE c.table_schema = current_schema() AND t.table_type = 'BASE TABLE' "
        "AND c.table_name <> 'alembic_version' AND c.data_type IN ('character varying', 'text')"
    )
    columns: dict[str, list[str]] = {}
    for table, column in op.get_bind().execute(texts):
        columns.setdefault(table, []).append(f'ALTER COLUMN {column} TYPE text COLLATE "C"')
    for table, changes in columns.items():
        op.execute(f"ALTER TABLE {table} {', '.join(changes)}")


def _create_keys() -> None:
    op.execute("""
        CREATE TABLE event_keys (
            site text COLLATE "C" NOT NULL, source text COLLATE "C" NOT NULL, id text COLLATE "C" NOT NULL,
            digest bytea NOT NULL, PRIMARY KEY (site, source, id))""")
    op.execute("""
        CREATE TABLE order_keys (
            site text COLLATE "C" NOT NULL, order_id text COLLATE "C" NOT NULL, occurred_at bigint,
            refunded integer NOT NULL, PRIMARY KEY (site, order_id))""")
    op.execute("""
        CREATE TABLE payment_keys (
            site text COLLATE "C" NOT NULL, payment_key text COLLATE "C" NOT NULL, occurred_at bigint NOT NULL,
            PRIMARY KEY (site, payment_key))""")
    op.execute(
        "INSERT INTO event_keys "
        "SELECT site, source, id, substring(sha256(convert_to(body, 'UTF8')) FROM 1 FOR 16) FROM events"
    )
    op.execute("""
        INSERT INTO order_keys SELECT site, order_id, max(occurred_at), max(refunded) FROM (
            SELECT site, order_id, occurred_at, 0 AS refunded FROM orders
            UNION ALL SELECT site, order_id, NULL, 1 FROM refunds) known GROUP BY site, order_id""")
    op.execute("INSERT INTO payment_keys SELECT site, payment_key, occurred_at FROM payments")
    # Rows come and go all the time, and payloads are not worth compressing.
    op.execute("ALTER TABLE event_queue ALTER COLUMN payload SET STORAGE EXTERNAL")
    op.execute("ALTER TABLE event_queue SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500)")


_PRIMARY_KEYS = {
    "events": "site, source, id, occurred_at",
    "orders": "site, order_id, occurred_at",
    "order_lines": "site, order_id, position, occurred_at",
    "refunds": "site, order_id, source, event_id, occurred_at",
    "payments": "site, payment_key, occurred_at",
    "actions": "site, source, event_id, occurred_at",
    "stock": "site, product, source, event_id, occurred_at",
}
_INDEXES = {
    "events_by_type": "events (site, type, occurred_at)",
    "orders_by_time": "orders (site, occurred_at)",
    "orders_by_customer": "orders (site, customer_id, occurred_at, order_id)",
    "refunds_by_time": "refunds (site, occurred_at)",
    "payments_by_time": "payments (site, occurred_at)",
    "actions_by_time": "actions (site, kind, occurred_at)",
    "stock_by_time": "stock (site, product, occurred_at)",
    "stock_by_instant": "stock (site, occurred_at)",
}


def _partition() -> None:
    connection = op.get_bind()
    for table in PARTITIONED:
        op.execute(f"ALTER TABLE {table} RENAME TO {table}_whole")
        op.execute(f"CREATE TABLE {table} (LIKE {table}_whole INCLUDING DEFAULTS) PARTITION BY RANGE (occurred_at)")
        moments = connection.execute(sa.text(f"SELECT DISTINCT occurred_at / 86400000000 FROM {table}_whole"))  # noqa: S608
        partitions.create(connection, {partitions.month_of(row[0] * 86_400_000_000) for row in moments}, (table,))
        op.execute(f"INSERT INTO {table} SELECT * FROM {table}_whole")  # noqa: S608
        op.execute(f"DROP TABLE {table}_whole")
        op.execute(f"ALTER TABLE {table} ADD PRIMARY KEY ({_PRIMARY_KEYS[table]})")
    for name, columns in _INDEXES.items():
        op.execute(f"CREATE INDEX {name} ON {columns}")


def downgrade() -> None:
    raise NotImplementedError("take a backup first; it is what brings the tables before this back")
