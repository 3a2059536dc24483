"""Users, keys, sessions, tickets, and the dashboards they keep."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, PrimaryKeyConstraint, String, Table, Text

from services.storage.tables.base import metadata

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
