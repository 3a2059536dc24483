"""The rollups of one business day at one site: as they are stored, as the facts say, and replaced as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, and_, delete, select

from services.clock import DAY, Instant
from services.metrics.business_time import ONE_DAY, Calendar
from services.metrics.catalogue import DIMENSIONS
from services.metrics.deltas import Cell
from services.metrics.recount import recount
from services.metrics.sites import Site
from services.storage import bulk, tables

Key = tuple[Any, ...]
Rows = dict[str, dict[Key, Cell]]
"""By rollup, then by its key without the site; a row that says nothing but 0 may be there or not."""

TABLES = (tables.rollup_day, tables.rollup_hour, tables.rollup_minute, tables.customer_day)
_DATED = (tables.rollup_day, tables.rollup_hour, tables.customer_day)
_FACTS = (tables.orders, tables.refunds, tables.payments, tables.actions)
_KNOWN = ("", *DIMENSIONS)


def keys(table: Table) -> list[str]:
    """What names a row within its site."""
    return [column.name for column in table.primary_key if column.name != "site"]


def measures(table: Table) -> list[str]:
    return [column.name for column in table.columns if not column.primary_key]


def dates(connection: Connection, site: Site) -> list[date]:
    """The business dates that facts or rollups speak of, in order, and a few beside them."""
    found: set[date] = set()
    for table in _FACTS:
        found |= _dates_of(connection, site, table, table.c.occurred_at)
    found |= _dates_of(connection, site, tables.rollup_minute, tables.rollup_minute.c.minute)
    for table in _DATED:
        told = select(table.c.business_date).where(table.c.site == site.id).distinct()
        found |= {date.fromisoformat(row[0]) for row in connection.execute(told)}
    return sorted(found)


def _dates_of(connection: Connection, site: Site, table: Table, moment: ColumnElement[int]) -> set[date]:
    """Those of all days in UTC that have any: two or three for each."""
    days = connection.execute(select(moment // DAY).where(table.c.site == site.id).distinct())
    ends = [(int(row[0]) * DAY, (int(row[0]) + 1) * DAY - 1) for row in days]
    return {day for start, end in ends for day in _between(site.calendar, start, end)}


def _between(calendar: Calendar, start: Instant, end: Instant) -> Iterator[date]:
    day, last = calendar.business_date(start), calendar.business_date(end)
    while day <= last:
        yield day
        day += ONE_DAY


def stored(connection: Connection, site: Site, day: date) -> Rows:
    """As they are; minutes as far as they are kept."""
    return {table.name: _rows(connection, table, _of_day(table, site, day, site.minutes_from)) for table in TABLES}


def right(connection: Connection, site: Site, day: date) -> Rows:
    """As the facts say."""
    calendar = site.calendar
    deltas = recount(connection, site, calendar.day_start(day), calendar.day_start(day + ONE_DAY))
    return {
        "rollup_day": {key: cell for key, cell in deltas.days().items() if any(cell)},
        "rollup_hour": {key: cell for key, cell in deltas.hours.items() if any(cell)},
        "rollup_minute": {(minute,): cell for minute, cell in deltas.minutes.items() if any(cell)},
        "customer_day": {key: [count] for key, count in deltas.customers.items() if count},
    }


def replace(connection: Connection, site: Site, day: date, held: Rows, rows: Rows) -> None:
    """These rows in place of what the day has, which is `held`."""
    for table in TABLES:
        if rows[table.name] != held[table.name]:
            connection.execute(delete(table).where(_of_day(table, site, day)))
            bulk.insert(connection, table, [(site.id, *key, *cell) for key, cell in rows[table.name].items()])


def remove(connection: Connection, site: Site, first: date, end: date) -> None:
    """All rows dated [first, end), under whatever calendar they were made."""
    low, high = (site.calendar.day_start(day) for day in (first, end))
    for table in _DATED:
        where = [table.c.site == site.id, table.c.dimension.in_(_KNOWN)]
        where += [table.c.business_date >= first.isoformat(), table.c.business_date < end.isoformat()]
        if table is tables.rollup_hour:
            where += [table.c.hour >= low - 2 * DAY, table.c.hour < high + 2 * DAY]
        connection.execute(delete(table).where(*where))


def strays(connection: Connection, site: Site) -> Iterator[tuple[Table, dict[Key, Cell]]]:
    """Rows that belong to no day: of an unknown dimension, or of an hour that their business date does not have."""
    for table in TABLES:
        for where in _stray_places(connection, site, table):
            yield table, _rows(connection, table, where)


def remove_strays(connection: Connection, site: Site) -> None:
    for table in TABLES:
        for where in list(_stray_places(connection, site, table)):
            connection.execute(delete(table).where(where))


def _of_day(table: Table, site: Site, day: date, minutes_from: Instant = 0) -> ColumnElement[bool]:
    """Names all that the primary key begins with, so that no more than the day is looked at."""
    start, end = site.calendar.day_start(day), site.calendar.day_start(day + ONE_DAY)
    here = table.c.site == site.id
    if table is tables.rollup_minute:
        return and_(here, table.c.minute >= max(start, minutes_from), table.c.minute < end)
    where = and_(here, table.c.dimension.in_(_KNOWN), table.c.business_date == day.isoformat())
    if table is tables.rollup_hour:
        return and_(where, table.c.hour >= site.calendar.hour_start(start), table.c.hour < end)
    return where


def _stray_places(connection: Connection, site: Site, table: Table) -> Iterator[ColumnElement[bool]]:
    if table is tables.rollup_minute:
        return
    names = ("dimension", "hour", "business_date") if table is tables.rollup_hour else ("dimension",)
    columns = [table.c[name] for name in names]
    for row in connection.execute(select(*columns).where(table.c.site == site.id).distinct()):
        if row[0] not in _KNOWN or (len(row) > 1 and not _has_hour(site.calendar, *row[1:])):
            yield and_(table.c.site == site.id, *(column == value for column, value in zip(columns, row, strict=True)))


def _has_hour(calendar: Calendar, hour: Instant, day: str) -> bool:
    ends = (calendar.business_date(hour), calendar.business_date(calendar.next_hour(hour) - 1))
    return calendar.hour_start(hour) == hour and day in {end.isoformat() for end in ends}


def _rows(connection: Connection, table: Table, where: ColumnElement[bool]) -> dict[Key, Cell]:
    names = keys(table)
    columns, count = [table.c[name] for name in (*names, *measures(table))], len(names)
    found = [tuple(row) for row in connection.execute(select(*columns).where(where)).all()]
    return {row[:count]: list(row[count:]) for row in found}
