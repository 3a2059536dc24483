"""Stock as a state: which products were at or under their reorder level at the end of each bucket."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from services.clock import MINUTE, Instant
from services.metrics.answer import Period
from services.metrics.business_time import ONE_DAY, Calendar
from services.metrics.catalogue import TIME_UNITS
from services.metrics.fact_sums import Filters, in_list
from services.metrics.sites import Site
from services.metrics.sums import Labels
from services.storage.bulk import mark

Products = set[tuple[str, str]]
"""(site, product) of what is low."""


@dataclass(slots=True)
class _Level:
    quantity: int = 0
    reorder_level: int | None = None

    @property
    def is_low(self) -> bool:
        return self.reorder_level is not None and self.quantity <= self.reorder_level


def read(
    connection: Connection, periods: Mapping[Site, Period], group_by: Sequence[str], filters: Filters
) -> dict[Labels, Products]:
    """What is low at the end of each group, one label for each of `group_by` (units of time and the product)."""
    units = [name for name in group_by if name in TIME_UNITS]
    groups: dict[Labels, Products] = {}
    for site, period in periods.items():
        for times, products in _states(connection, site, period, units, filters).items():
            for product in products:
                rest = iter(times)
                labels = tuple(next(rest) if name in TIME_UNITS else product for name in group_by)
                groups.setdefault(labels, set()).add((site.id, product))
    return groups


def _states(
    connection: Connection, site: Site, period: Period, units: Sequence[str], filters: Filters
) -> dict[Labels, list[str]]:
    """What is low at the last end of each time label, by sweeping the updates in time."""
    levels: dict[str, _Level] = {}
    states: dict[Labels, list[str]] = {}
    updates = _updates(connection, site.id, period.end, filters)
    waiting = next(updates, None)
    for times, end in _bucket_ends(site.calendar, period, units):
        while waiting is not None and waiting[0] < end:
            _, product, quantity, reorder_level = waiting
            level = levels.setdefault(product, _Level())
            level.quantity = quantity
            level.reorder_level = level.reorder_level if reorder_level is None else reorder_level
            waiting = next(updates, None)
        states[times] = [product for product, level in levels.items() if level.is_low]
    return states


def _bucket_ends(calendar: Calendar, period: Period, units: Sequence[str]) -> Iterator[tuple[Labels, Instant]]:
    """(labels, end) of stretches in time within which no label changes."""
    if not units:
        yield (), period.end
        return
    at = period.start
    while at < period.end:
        end = min(_next(calendar, unit, at) for unit in units)
        yield tuple(calendar.label(unit, at) for unit in units), min(end, period.end)
        at = end


def _next(calendar: Calendar, unit: str, at: Instant) -> Instant:
    if unit == "minute":
        return at - at % MINUTE + MINUTE
    if unit in ("hour", "hour_of_day"):
        return calendar.next_hour(at)
    return calendar.day_start(calendar.business_date(at) + ONE_DAY)


def _updates(
    connection: Connection, site: str, end: Instant, filters: Filters
) -> Iterator[tuple[Instant, str, int, int | None]]:
    place = mark(connection)
    clauses, values = [f"site = {place}", f"occurred_at < {place}"], [site, end]
    for wanted in filters.values():
        clause, bound = in_list("product", wanted, place)
        clauses.append(clause)
        values += bound
    sql = (
        "SELECT occurred_at, product, quantity, reorder_level FROM stock "  # noqa: S608  # literals
        f"WHERE {' AND '.join(clauses)} ORDER BY occurred_at, event_id, source"
    )
    for row in connection.exec_driver_sql(sql, tuple(values)):
        yield row[0], row[1], row[2], row[3]
