"""Locks by name for what only one may do at a time, in whichever process; SQLite's one writer needs none."""

from __future__ import annotations

from sqlalchemy import Connection, exc

from services.errors import WriteConflict
from services.storage.engine import understood


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


def hold_site_within(connection: Connection, site: str, seconds: float) -> bool:
    """The same for whoever has other sites to see to: whether it was had in that time."""
    if try_hold(connection, f"site:{site}"):
        return True
    try:
        with connection.begin_nested():
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = {round(seconds * 1_000)}")
            hold_site(connection, site)
            connection.exec_driver_sql("SET LOCAL lock_timeout = DEFAULT")
    except exc.DBAPIError as error:
        if isinstance(understood(error), WriteConflict):
            return False
        raise
    return True
