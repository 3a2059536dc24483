"""The rollups of a site whose calendar changed: emptied and filled in a day at a time, while the facts answer.

`sites.built_before` says how far it is; events meanwhile leave the days after it alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from functools import partial
from typing import Any

from sqlalchemy import Connection, text

from services.clock import HOUR, MINUTE, Instant
from services.metrics import day_rollups, rollups, sites
from services.metrics.business_time import ONE_DAY
from services.metrics.recount import recount
from services.metrics.sites import Site
from services.storage import locks
from services.storage.engine import Store

KEEP_MINUTES = 48 * HOUR
NOTHING_BUILT = "0001-01-01"

Span = tuple[date, date]
"""The first and the last business date."""
RunWrite = Callable[[Callable[[Connection], Any]], Any]
"""How a piece of work gets its own write transaction."""


def refill(
    store: Store, write: RunWrite, site_id: str, now: Instant, progress: Callable[[int, int], None]
) -> bool:
    """Empties the site's rollups and fills them in; False where somebody moved the mark meanwhile."""
    write(partial(_begin, site_id=site_id))
    for first, end in _pieces(store, site_id, None):
        write(partial(_empty, site_id=site_id, first=first, end=end))
    span = write(partial(_clear, site_id=site_id))
    pieces = list(_pieces(store, site_id, span))
    for done, (first, end) in enumerate(pieces, 1):
        if not write(partial(_build, site_id=site_id, first=first, end=end)):
            return False
        progress(done, len(pieces))
    mark = NOTHING_BUILT if span is None else (span[1] + ONE_DAY).isoformat()
    return bool(write(partial(_finish, site_id=site_id, mark=mark, now=now)))


def _pieces(store: Store, site_id: str, span: Span | None) -> Iterator[tuple[date, date]]:
    """Stretches of days, half open, that tile the span (or all there are) and have facts on their last day at most."""
    with store.reading() as connection:
        dates = day_rollups.dates(connection, sites.load(connection)[site_id])
    if span is not None:
        dates = sorted({day for day in dates if span[0] <= day <= span[1]} | {span[1]})
    first = span[0] if span is not None else min(dates, default=date.min)
    for day in dates:
        yield first, day + ONE_DAY
        first = day + ONE_DAY


def _begin(connection: Connection, site_id: str) -> None:
    """From here on no rollup is read, and events change none."""
    locks.hold_site(connection, site_id)
    _mark(connection, site_id, NOTHING_BUILT)


def _empty(connection: Connection, site_id: str, first: date, end: date) -> None:
    locks.hold_site(connection, site_id)
    day_rollups.remove(connection, sites.load(connection)[site_id], first, end)


def _clear(connection: Connection, site_id: str) -> Span | None:
    """Takes what is left away and marks the first day of any fact, which with the last is returned.

    Before that day there is nothing to build: events that come from there meanwhile are booked as ever.
    """
    locks.hold_site(connection, site_id)
    for table in ("rollup_day", "rollup_hour", "customer_day", "rollup_minute"):
        connection.execute(text(f"DELETE FROM {table} WHERE site = :site"), {"site": site_id})  # noqa: S608  # literals
    span = _span(connection, sites.load(connection)[site_id])
    _mark(connection, site_id, NOTHING_BUILT if span is None else span[0].isoformat())
    return span


def _build(connection: Connection, site_id: str, first: date, end: date) -> bool:
    """Fills in these days, unless the mark is no longer at the first of them."""
    locks.hold_site(connection, site_id)
    site = sites.load(connection)[site_id]
    if site.built_before != first.isoformat():
        return False
    _fill(connection, site, first, end)
    _mark(connection, site_id, end.isoformat())
    return True


def _fill(connection: Connection, site: Site, first: date, end: date) -> None:
    calendar = site.calendar
    deltas = recount(connection, site, calendar.day_start(first), calendar.day_start(end))
    deltas.minutes.clear()
    rollups.apply(connection, site.id, deltas)


def _finish(connection: Connection, site_id: str, mark: str, now: Instant) -> bool:
    """Fills in days that events opened meanwhile and the minutes, then queries may use the rollups again."""
    locks.hold_site(connection, site_id)
    site = sites.load(connection)[site_id]
    if site.built_before != mark:
        return False
    span = _span(connection, site)
    if span is not None and span[1].isoformat() >= mark:
        _fill(connection, site, max(date.fromisoformat(mark), span[0]), span[1] + ONE_DAY)
    connection.execute(text("DELETE FROM rollup_minute WHERE site = :site"), {"site": site_id})
    start = (now - KEEP_MINUTES) // MINUTE * MINUTE
    bounds = {"site": site_id, "start": start}
    connection.execute(text("UPDATE sites SET minutes_from = :start, built_before = NULL WHERE id = :site"), bounds)
    recent = recount(connection, sites.load(connection)[site_id], start, now + 2 * KEEP_MINUTES)
    recent.hours.clear()
    recent.customers.clear()
    rollups.apply(connection, site_id, recent)
    return True


def _mark(connection: Connection, site_id: str, built_before: str) -> None:
    values = {"site": site_id, "date": built_before}
    connection.execute(text("UPDATE sites SET built_before = :date WHERE id = :site"), values)


def _span(connection: Connection, site: Site) -> Span | None:
    """The first and last business date that facts speak of; None where there are none."""
    ends: list[Instant] = []
    for table in ("orders", "refunds", "payments", "actions"):
        sql = text(f"SELECT MIN(occurred_at), MAX(occurred_at) FROM {table} WHERE site = :site")  # noqa: S608  # literals
        ends += [end for end in connection.execute(sql, {"site": site.id}).one() if end is not None]
    return (site.calendar.business_date(min(ends)), site.calendar.business_date(max(ends))) if ends else None
