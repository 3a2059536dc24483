"""Locks by name for what only one may do at a time, in whichever process; SQLite's one writer needs none."""

from __future__ import annotations

from sqlalchemy import Connection


def hold(connection: Connection, name: str) -> None:
    """Waits for the lock, and has it until the transaction ends."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (name,))


def try_hold(connection: Connection, name: str) -> bool:
    """The same without waiting: whether it was had."""
    if connection.dialect.name != "postgresql":
        return True
    asked = connection.exec_driver_sql("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", (name,))
    return bool(asked.scalar())


def hold_site(connection: Connection, site: str) -> None:
    """For whoever changes facts or rollups of a site: what they were changed from must not move meanwhile."""
    hold(connection, f"site:{site}")
