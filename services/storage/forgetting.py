"""Taking the bodies of old events out of the log, and what can still be told without them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from sqlalchemy import Connection, select

from services.clock import Instant
from services.storage import bulk, log, partitions, tables
from services.storage.partitions import EARLY, Month

LOCK_TIMEOUT = "1s"
"""What reads the whole log (a backup) is not waited for: everything behind us would wait as well."""

Body = tuple[int, str]
"""(row number, body)."""


def ever_heard(connection: Connection, site: str) -> bool:
    """Whether any event of the site was ever accepted."""
    table = tables.event_keys if bulk.is_postgres(connection) else tables.events
    return connection.execute(select(table.c.id).where(table.c.site == site).limit(1)).first() is not None


def bodies(connection: Connection, before: Instant, after_row: int, most: int) -> list[Body]:
    """SQLite: the next bodies of events that occurred before an instant, in the order of their rows."""
    sql = (
        "SELECT rowid, body FROM events WHERE rowid > ? AND occurred_at < ? AND substr(body, 1, 1) <> ? "
        "ORDER BY rowid LIMIT ?"
    )
    rows = connection.exec_driver_sql(sql, (after_row, before, log.GONE, most))
    return [(row[0], row[1]) for row in rows]


def last_row(connection: Connection) -> int:
    """SQLite: later events have greater numbers."""
    return int(connection.exec_driver_sql("SELECT MAX(rowid) FROM events").scalar() or 0)


def take(connection: Connection, rows: Iterable[Body]) -> None:
    """SQLite: digests in the place of these bodies."""
    changed = [(log.gone(body), row) for row, body in rows]
    bulk.execute(connection, "UPDATE events SET body = {p} WHERE rowid = {p}", changed)


def months_with_bodies(connection: Connection, before: Instant) -> list[Month]:
    """PostgreSQL: months of the log that ended by an instant and hold anything, the first one first."""
    months = [_month(name) for name in partitions.attached(connection, "events")]
    ended = sorted(month for month in months if partitions.starts(partitions.after(month)) <= before)
    return [month for month in ended if _holds_any(connection, month)]


def empty(connection: Connection, month: Month) -> None:
    """PostgreSQL: takes all events of the month out of the log; their keys and digests stay.

    Its partition stays too: a late event of that month has its place, whichever process it reaches. Errors: whatever
    waiting for the lock ends in, soon.
    """
    connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
    connection.exec_driver_sql(f"TRUNCATE {partitions.name('events', month)}")


def _holds_any(connection: Connection, month: Month) -> bool:
    name = partitions.name("events", month)
    return bool(connection.exec_driver_sql(f"SELECT EXISTS (SELECT 1 FROM {name})").scalar())  # noqa: S608  # ours


def _month(partition: str) -> Month:
    numbers = re.fullmatch(r"events_(\d+)_(\d\d)", partition)
    return EARLY if numbers is None else (int(numbers[1]), int(numbers[2]))
