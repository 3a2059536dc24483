"""Rollups held against the facts, and built anew from them.

A recount walks the facts of some business days and sums their contributions afresh. Verifying compares that with
what the rollups say; rebuilding replaces them, a few days in each transaction, while queries go to the facts.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, text

from services.clock import HOUR, MINUTE, Instant
from services.events.facts import Action, Line, Order, Payment, Refund
from services.metrics import contributions, rollups, sites
from services.metrics.business_time import ONE_DAY
from services.metrics.catalogue import MEASURES
from services.metrics.contributions import Booking, Contribution
from services.metrics.deltas import Cell, Deltas
from services.metrics.sites import Site
from services.storage.engine import Store

DAYS_AT_ONCE = 7
KEEP_MINUTES = 48 * HOUR
NOTHING_BUILT = "0001-01-01"

_log = logging.getLogger("pulseboard.recount")

Span = tuple[date, date]

Progress = Callable[[int, int], None]
"""Called with (days done, days in all)."""
RunWrite = Callable[[Callable[[Connection], Any]], Any]
"""How a piece of work gets its own write transaction."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A rollup cell that is not what the facts say; `measure` is a column of it."""

    site: str
    rollup: str
    key: tuple[object, ...]
    measure: str
    expected: int
    found: int


def recount(connection: Connection, site: Site, start: Instant, end: Instant) -> Deltas:
    """The rollups that the facts of [start, end) make, from nothing."""
    deltas = Deltas(site.calendar, site.minutes_from)
    for order, customer_type in _orders(connection, site.id, start, end):
        deltas.change((), contributions.of_order(order, customer_type))
        if order.customer_id is not None:
            cells = (("", ""), ("staff", order.staff_id or ""), ("channel", order.channel or ""))
            deltas.count_customer(order.at, order.customer_id, cells, 1)
    deltas.change((), _of_refunds(connection, site.id, start, end))
    deltas.change((), _of_payments(connection, site.id, start, end))
    deltas.change((), _of_actions(connection, site.id, start, end))
    return deltas


def verify(store: Store, progress: Progress = lambda _done, _all: None) -> list[Difference]:
    """Every cell of every rollup that differs from a recount of the facts."""
    differences: list[Difference] = []
    with store.reading() as connection:
        for site in sites.load(connection).values():
            span = _span(connection, site)
            for first, last, done, total in _chunks(span):
                differences += _compare(connection, site, first, last)
                progress(done, total)
    return differences


def rebuild(write: RunWrite, site_id: str, now: Instant, progress: Progress = lambda _done, _all: None) -> None:
    """Builds the site's rollups anew: marks it, fills in some days in each transaction, and takes the mark away.

    Where somebody moves the mark meanwhile (a calendar changed once more), it begins again.
    """
    while not _rebuilt(write, site_id, now, progress):
        _log.info("the site %s changed while its rollups were built; they are built once more", site_id)


def _rebuilt(write: RunWrite, site_id: str, now: Instant, progress: Progress) -> bool:
    span = write(lambda connection: _clear(connection, site_id))
    for first, last, done, total in _chunks(span):
        if not write(lambda connection, first=first, last=last: _build(connection, site_id, first, last)):  # type: ignore[misc]
            return False
        progress(done, total)
    mark = NOTHING_BUILT if span is None else (span[1] + ONE_DAY).isoformat()
    return bool(write(lambda connection: _finish(connection, site_id, mark, now)))


def _clear(connection: Connection, site_id: str) -> Span | None:
    """Empties the rollups and marks them from the first day of any fact on, which with the last is returned.

    Before that day there is nothing to build: events that come from there meanwhile are booked as ever.
    """
    for table in ("rollup_day", "rollup_hour", "customer_day"):
        connection.execute(text(f"DELETE FROM {table} WHERE site = :site"), {"site": site_id})  # noqa: S608  # literals
    span = _span(connection, sites.load(connection)[site_id])
    _mark(connection, site_id, NOTHING_BUILT if span is None else span[0].isoformat())
    return span


def _build(connection: Connection, site_id: str, first: date, last: date) -> bool:
    """Fills in these days, unless the mark is no longer at the first of them."""
    site = sites.load(connection)[site_id]
    if site.built_before != first.isoformat():
        return False
    _fill(connection, site, first, last)
    _mark(connection, site_id, last.isoformat())
    return True


def _fill(connection: Connection, site: Site, first: date, last: date) -> None:
    calendar = site.calendar
    deltas = recount(connection, site, calendar.day_start(first), calendar.day_start(last))
    deltas.minutes.clear()
    rollups.apply(connection, site.id, deltas)


def _finish(connection: Connection, site_id: str, mark: str, now: Instant) -> bool:
    """Fills in days that events opened meanwhile and the minutes, then queries may use the rollups again."""
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


_MOMENTS = {
    "orders": "occurred_at", "refunds": "occurred_at", "payments": "occurred_at", "actions": "occurred_at",
    "rollup_minute": "minute",
}  # fmt: skip


def _span(connection: Connection, site: Site) -> Span | None:
    """The first and last business date that facts or rollups speak of; None where there are none."""
    found: list[date] = []
    for table, column in _MOMENTS.items():
        found += [site.calendar.business_date(at) for at in _ends(connection, site.id, table, column)]
    for table in ("rollup_day", "rollup_hour", "customer_day"):
        found += [date.fromisoformat(day) for day in _ends(connection, site.id, table, "business_date")]
    return (min(found), max(found)) if found else None


def _ends(connection: Connection, site: str, table: str, column: str) -> list[Any]:
    sql = text(f"SELECT MIN({column}), MAX({column}) FROM {table} WHERE site = :site")  # noqa: S608  # literals
    return [end for end in connection.execute(sql, {"site": site}).one() if end is not None]


def _chunks(span: Span | None) -> Iterator[tuple[date, date, int, int]]:
    """(first, past the last, days done after it, days in all) of pieces of the span."""
    if span is None:
        return
    first, end = span[0], span[1] + ONE_DAY
    total = (end - first).days
    day = first
    while day < end:
        stop = min(day + timedelta(days=DAYS_AT_ONCE), end)
        yield day, stop, (stop - first).days, total
        day = stop


def _compare(connection: Connection, site: Site, first: date, last: date) -> Iterator[Difference]:
    if site.rebuilding:
        return
    calendar = site.calendar
    start, end = calendar.day_start(first), calendar.day_start(last)
    expected = recount(connection, site, start, end)
    dates = "business_date >= :first AND business_date < :last"
    bounds = {"site": site.id, "first": first.isoformat(), "last": last.isoformat()}
    days = _cells(connection, "rollup_day", ("dimension", "business_date", "value"), dates, bounds)
    yield from _differences(site.id, "rollup_day", expected.days(), days)
    hours = _cells(connection, "rollup_hour", ("dimension", "hour", "business_date", "value"), dates, bounds)
    yield from _differences(site.id, "rollup_hour", expected.hours, hours)
    minutes = _cells(connection, "rollup_minute", ("minute",), "minute >= :first AND minute < :last",
                     {"site": site.id, "first": max(start, site.minutes_from), "last": end})  # fmt: skip
    yield from _differences(site.id, "rollup_minute", {(at,): cell for at, cell in expected.minutes.items()}, minutes)
    columns = ("dimension", "business_date", "value", "customer_id")
    sql = text(f"SELECT {', '.join(columns)}, orders FROM customer_day WHERE site = :site AND {dates}")  # noqa: S608  # literals
    customers = {tuple(row[:4]): [row[4]] for row in connection.execute(sql, bounds)}
    wanted = {key: [count] for key, count in expected.customers.items()}
    yield from _differences(site.id, "customer_day", wanted, customers, ("orders",))


def _cells(
    connection: Connection, table: str, keys: tuple[str, ...], where: str, bounds: Mapping[str, object]
) -> dict[tuple[object, ...], Cell]:
    columns = ", ".join((*keys, *MEASURES))
    sql = text(f"SELECT {columns} FROM {table} WHERE site = :site AND {where}")  # noqa: S608  # literals
    return {tuple(row[: len(keys)]): list(row[len(keys) :]) for row in connection.execute(sql, bounds)}


def _differences(
    site: str,
    rollup: str,
    expected: Mapping[Any, Cell],
    found: Mapping[Any, Cell],
    measures: tuple[str, ...] = MEASURES,
) -> Iterator[Difference]:
    nothing = [0] * len(measures)
    for key in sorted({*expected, *found}, key=repr):
        right, actual = expected.get(key, nothing), found.get(key, nothing)
        for measure, wanted, have in zip(measures, right, actual, strict=True):
            if wanted != have:
                yield Difference(site, rollup, key, measure, wanted, have)


_STRETCH = "f.site = :site AND f.occurred_at >= :start AND f.occurred_at < :end"


def _orders(connection: Connection, site: str, start: Instant, end: Instant) -> Iterator[tuple[Order, str]]:
    bounds = {"site": site, "start": start, "end": end}
    lines: dict[str, list[Line]] = {}
    sql = (
        "SELECT l.order_id, l.product, l.category, l.quantity, l.amount FROM orders f "  # noqa: S608  # literals
        f"JOIN order_lines l ON l.site = f.site AND l.order_id = f.order_id WHERE {_STRETCH} "
        "ORDER BY l.order_id, l.position"
    )
    for order_id, product, category, quantity, amount in connection.execute(text(sql), bounds):
        lines.setdefault(order_id, []).append(Line(product, category, quantity, amount))
    for row in connection.execute(text(f"SELECT * FROM orders f WHERE {_STRETCH}"), bounds):  # noqa: S608  # literals
        stamp = (row.occurred_at, row.event_id, row.source)
        order = Order(
            row.order_id, stamp, row.total, row.discount, row.tax, row.tip, row.items,
            row.staff_id, row.customer_id, row.channel, row.payment_method, row.order_size,
            tuple(lines.get(row.order_id, ())),
        )  # fmt: skip
        yield order, row.customer_type


def _of_refunds(connection: Connection, site: str, start: Instant, end: Instant) -> Iterator[Contribution]:
    sql = f"""
        SELECT f.order_id, f.occurred_at, f.event_id, f.source, f.asked, f.booked, f.cancels,
               o.staff_id, o.channel, o.payment_method
        FROM refunds f LEFT JOIN orders o ON o.site = f.site AND o.order_id = f.order_id
        WHERE {_STRETCH} AND f.booked IS NOT NULL"""  # noqa: S608  # literals
    for row in connection.execute(text(sql), {"site": site, "start": start, "end": end}):
        refund = Refund(row.order_id, (row.occurred_at, row.event_id, row.source), row.asked)
        booking = Booking(refund, row.booked, bool(row.cancels))
        yield from contributions.of_booking(booking, row.staff_id, row.channel, row.payment_method)


def _of_payments(connection: Connection, site: str, start: Instant, end: Instant) -> Iterable[Contribution]:
    sql = text(f"SELECT * FROM payments f WHERE {_STRETCH}")  # noqa: S608  # literals
    for row in connection.execute(sql, {"site": site, "start": start, "end": end}):
        stamp = (row.occurred_at, row.event_id, row.source)
        payment = Payment(row.payment_key, stamp, row.order_id, row.payment_method, row.amount, row.status)
        yield from contributions.of_payment(payment)


def _of_actions(connection: Connection, site: str, start: Instant, end: Instant) -> Iterable[Contribution]:
    sql = text(f"SELECT * FROM actions f WHERE {_STRETCH}")  # noqa: S608  # literals
    for row in connection.execute(sql, {"site": site, "start": start, "end": end}):
        stamp = (row.occurred_at, row.event_id, row.source)
        yield from contributions.of_action(Action(row.kind, stamp, row.staff_id, row.action_type, row.severity))
