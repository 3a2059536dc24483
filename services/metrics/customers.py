"""Distinct customers at some sites over a period: exact, from who ordered on which business day, and from orders.

Whether a customer is new depends on the sites and the period asked, so it is decided here and not in a rollup.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection

from services.clock import MINUTE, Instant
from services.metrics.answer import Label, Period
from services.metrics.catalogue import TIME_UNITS
from services.metrics.fact_sums import ORDERS, Filters, in_list
from services.metrics.sites import Site
from services.metrics.sums import Labels
from services.storage.bulk import mark, select_in

_IN_ROLLUP = ("", "staff", "channel")
_HOURLY = frozenset({"minute", "hour", "hour_of_day"})
_TYPE = "customer_type"

Customers = dict[str, bool]
"""customer_id -> whether new, of one group."""


@dataclass(frozen=True, slots=True)
class _Visit:
    """A customer had an order at a site in a bucket (`labels` without customer_type)."""

    site: str
    customer_id: str
    labels: Labels
    first_at: Instant


def read(
    connection: Connection, periods: Mapping[Site, Period], group_by: Sequence[str], filters: Filters
) -> dict[Labels, Customers]:
    """Customers by labels, one for each of `group_by`; with customer_type among them, each under new or returning.

    New: the first completed order at the sites asked lies in the period, and in the bucket where time groups.
    """
    names = [name for name in group_by if name != _TYPE]
    visits = [
        visit for site, period in periods.items() for visit in _Visits(connection, site, names, filters).over(period)
    ]
    firsts = _first_orders(connection, list(periods), visits)
    sites = {site.id: site for site in periods}
    wanted = filters.get(_TYPE)
    groups: dict[Labels, Customers] = {}
    for visit in visits:
        first_at, first_site = firsts[visit.customer_id]
        period, site = periods[sites[first_site]], sites[first_site]
        is_new = period.start <= first_at < period.end and all(
            label == site.calendar.label(name, first_at)
            for name, label in zip(names, visit.labels, strict=True)
            if name in TIME_UNITS
        )
        kind = "new" if is_new else "returning"
        if wanted is None or kind in wanted:
            groups.setdefault(_with_type(group_by, visit.labels, kind), {})[visit.customer_id] = is_new
    return groups


def _with_type(group_by: Sequence[str], labels: Labels, kind: str) -> Labels:
    rest = iter(labels)
    return tuple(kind if name == _TYPE else next(rest) for name in group_by)


def _first_orders(
    connection: Connection, sites: Sequence[Site], visits: Iterable[_Visit]
) -> dict[str, tuple[Instant, str]]:
    """(instant, site) of each customer's first completed order at the sites asked."""
    firsts: dict[str, tuple[Instant, str]] = {}
    for visit in visits:
        this = (visit.first_at, visit.site)
        firsts[visit.customer_id] = min(this, firsts.get(visit.customer_id, this))
    if len(sites) > 1:
        sql = "SELECT customer_id, first_at FROM customers WHERE site = {p} AND customer_id IN {values}"
        for site in sites:
            for customer_id, first_at in select_in(connection, sql, (site.id,), list(firsts)):
                firsts[customer_id] = min((first_at, site.id), firsts[customer_id])
    return firsts


class _Visits:
    """Who ordered at one site, by units of time and the dimensions that orders have."""

    def __init__(self, connection: Connection, site: Site, group_by: Sequence[str], filters: Filters) -> None:
        self._connection = connection
        self._site = site
        self._group_by = group_by
        self._filters = {name: values for name, values in filters.items() if name != _TYPE}
        self._dimensions = [name for name in group_by if name not in TIME_UNITS]
        self._by_time = len(self._dimensions) < len(group_by)

    def over(self, period: Period) -> Iterator[_Visit]:
        names = {*self._dimensions, *self._filters}
        by_hour = _HOURLY & set(self._group_by)
        if self._site.rebuilding or by_hour or len(names) > 1 or not names <= set(_IN_ROLLUP):
            yield from self._from_orders((period.start, period.end))
            return
        cover = self._site.calendar.cover(period.start, period.end)
        if cover.days is not None:
            yield from self._from_days(*cover.days, next(iter(names), ""))
        for stretch in (*cover.hours, *cover.rest):
            yield from self._from_orders(stretch)

    def _from_days(self, first: date, last: date, dimension: str) -> Iterator[_Visit]:
        place = mark(self._connection)
        keys = ["d.business_date"] if self._by_time else []
        keys += ["d.value"] if self._dimensions else []
        clauses = [
            "d.site = {p}",
            "d.dimension = {p}",
            "d.business_date >= {p}",
            "d.business_date < {p}",
            "d.orders > 0",
        ]
        values: list[object] = [self._site.id, dimension, first.isoformat(), last.isoformat()]
        for wanted in self._filters.values():
            clause, bound = in_list("d.value", [value or "" for value in wanted], place)
            clauses.append(clause)
            values += bound
        columns, where = ", ".join(["d.customer_id", "c.first_at", *keys]), " AND ".join(clauses).format(p=place)
        sql = (
            f"SELECT DISTINCT {columns} FROM customer_day d "  # noqa: S608  # names of our own tables
            f"JOIN customers c ON c.site = d.site AND c.customer_id = d.customer_id WHERE {where}"
        )
        for customer_id, first_at, *key in self._connection.exec_driver_sql(sql, tuple(values)):
            day = date.fromisoformat(key[0]) if self._by_time else None
            value: Label = (key[-1] or None) if self._dimensions else None
            labels = tuple(
                self._site.calendar.label_of_date(name, day) if day and name in TIME_UNITS else value
                for name in self._group_by
            )
            yield _Visit(self._site.id, customer_id, labels, first_at)

    def _from_orders(self, stretch: tuple[Instant, Instant]) -> Iterator[_Visit]:
        place = mark(self._connection)
        keys = [f"f.occurred_at / {MINUTE}"] if self._by_time else []
        keys += [ORDERS.columns[name] for name in self._dimensions]
        clauses = ["f.site = {p}", "f.occurred_at >= {p}", "f.occurred_at < {p}", "f.customer_id IS NOT NULL"]
        values: list[object] = [self._site.id, *stretch]
        for name, wanted in self._filters.items():
            clause, bound = in_list(ORDERS.columns[name], wanted, place)
            clauses.append(clause)
            values += bound
        columns, where = ", ".join(["f.customer_id", "c.first_at", *keys]), " AND ".join(clauses).format(p=place)
        sql = (
            f"SELECT DISTINCT {columns} FROM orders f "  # noqa: S608  # names of our own tables
            f"JOIN customers c ON c.site = f.site AND c.customer_id = f.customer_id WHERE {where}"
        )
        for customer_id, first_at, *key in self._connection.exec_driver_sql(sql, tuple(values)):
            at = max(key[0] * MINUTE, stretch[0]) if self._by_time else 0
            found = iter(key[1:] if self._by_time else key)
            labels = tuple(
                self._site.calendar.label(name, at) if name in TIME_UNITS else next(found) for name in self._group_by
            )
            yield _Visit(self._site.id, customer_id, labels, first_at)
