"""The log of events, what of it waits for processing, and the sites it comes from."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, PrimaryKeyConstraint, String, Table, Text

from services.storage.tables.base import metadata

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
    # Canonical JSON: equal bodies are equal events. Where retention took it, "#" and its digest.
    Column("body", Text, nullable=False),
    PrimaryKeyConstraint("site", "source", "id"),
    Index("events_by_type", "site", "type", "occurred_at"),
)

topic_versions = Table(
    "topic_versions",
    metadata,
    Column("site", String, nullable=False),
    Column("metric", String, nullable=False),
    Column("version", BigInteger, nullable=False),
    PrimaryKeyConstraint("site", "metric"),
)

# Accepted events that are not in the figures yet: on PostgreSQL all of them for a moment, some hundred in a row; in
# both stores those that could not be applied and are tried again.
event_queue = Table(
    "event_queue",
    metadata,
    Column("site", String, nullable=False),
    Column("id", BigInteger, nullable=False),  # random: it says nothing of the order
    Column("lane", Integer, nullable=False),
    Column("queued_at", BigInteger, nullable=False),
    Column("not_before", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("events", Integer, nullable=False),
    Column("payload", LargeBinary, nullable=False),  # JSON array of canonical bodies
    Column("reason", Text),  # why the last attempt failed
    PrimaryKeyConstraint("site", "id"),
    Index("event_queue_in_turn", "lane", "queued_at"),
)

# Events that could not be applied however often: they are in the log, and in no figure.
dead_letters = Table(
    "dead_letters",
    metadata,
    Column("site", String, nullable=False),
    Column("id", String, nullable=False),
    Column("source", String, nullable=False),
    Column("event_id", String, nullable=False),
    Column("type", String, nullable=False),
    Column("occurred_at", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("died_at", BigInteger, nullable=False),
    PrimaryKeyConstraint("site", "id"),
    Index("dead_letters_by_time", "died_at"),
)
