"""Partitions by month on PostgreSQL: which month an instant lies in, and making those that are not there yet.

A month is made as a table of its own and attached, which readers and writers of other months do not wait for. There is
no default partition: it would have to be searched whenever a month is attached.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable
from datetime import UTC, datetime

from sqlalchemy import Connection

from services.clock import Instant
from services.storage import locks
from services.storage.engine import Store
from services.storage.tables import PARTITIONED

Month = tuple[int, int]
"""(year, month) in UTC."""

EARLY: Month = (2009, 12)
"""Stands for all months before 2010, which share one partition: events of long ago are few."""

MOST_AT_ONCE = 4
"""So many of a process wait to make a month: whoever makes many lets others in between, and connections are left."""

_SECOND = 1_000_000


def month_of(instant: Instant) -> Month:
    moment = datetime.fromtimestamp(instant // _SECOND, UTC) if instant > 0 else datetime(1970, 1, 1, tzinfo=UTC)
    return max((moment.year, moment.month), EARLY)


def starts(month: Month) -> Instant:
    return int(datetime(*month, 1, tzinfo=UTC).timestamp()) * _SECOND


def after(month: Month) -> Month:
    year, number = month
    return (year + 1, 1) if number == 12 else (year, number + 1)


def name(table: str, month: Month) -> str:
    return f"{table}_early" if month == EARLY else f"{table}_{month[0]}_{month[1]:02}"


def create(connection: Connection, months: Iterable[Month], tables: Iterable[str] = PARTITIONED) -> None:
    """Makes and attaches what is missing, inside the caller's transaction."""
    locks.hold(connection, "partitions")
    wanted = sorted(set(months))
    for table in tables:
        there = attached(connection, table)
        for month in wanted:
            if name(table, month) not in there:
                _attach(connection, table, month)


def attached(connection: Connection, table: str) -> set[str]:
    """The names of a table's partitions."""
    sql = "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = %s::regclass"
    return {row[0] for row in connection.exec_driver_sql(sql, (table,))}


def _attach(connection: Connection, table: str, month: Month) -> None:
    one, low, high = name(table, month), "MINVALUE" if month == EARLY else starts(month), starts(after(month))
    connection.exec_driver_sql(f"CREATE TABLE {one} (LIKE {table} INCLUDING ALL)")
    connection.exec_driver_sql(f"ALTER TABLE {table} ATTACH PARTITION {one} FOR VALUES FROM ({low}) TO ({high})")


class Partitions:
    """The months that this process knows to be there; nothing to do in a store without partitions."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: set[Month] = set()
        self._few = threading.BoundedSemaphore(MOST_AT_ONCE)

    def ensure(self, instants: Collection[Instant]) -> None:
        """Makes the months of these instants, each in a transaction of its own: many take long, and others want one."""
        if self._store.is_sqlite:
            return
        for month in sorted({month_of(instant) for instant in instants} - self._known):
            with self._few, self._store.writing() as connection:
                create(connection, [month])
            self._known.add(month)
