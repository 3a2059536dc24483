"""Distinct customers at some sites over a period: exact, from who ordered on which business day, and from orders.

Whether a customer is new depends on the sites and the period asked, so it is decided here and not in a rollup.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

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


_Visitors = list[tuple[str, Instant]]
"""(customer, when they first ordered at the site) of those who had an order there in one bucket."""


def read(
    connection: Connection, periods: Mapping[Site, Period], group_by: Sequence[str], filters: Filters
) -> dict[Labels, Customers]:
    """Customers by labels, one for each of `group_by`; with customer_type among them, each under new or returning.

    New: the first completed order at the sites asked lies in the period, and in the bucket where time groups.
    """
    names = [name for name in group_by if name != _TYPE]
    visits = {site: list(_Visits(connection, site, names, filters).over(period)) for site, period in periods.items()}
    tell_new = _Newness(connection, periods, visits, names)
    groups: dict[Labels, Customers] = {}
    for site, buckets in visits.items():
        for labels, visitors in buckets:
            told = tell_new(site, labels, visitors)
            if len(names) == len(group_by) and _TYPE not in filters:
                groups.setdefault(labels, {}).update(told)
                continue
            for customer_id, is_new in told.items():
                kind = "new" if is_new else "returning"
                if _TYPE not in filters or kind in filters[_TYPE]:
                    groups.setdefault(_with_type(group_by, labels, kind), {})[customer_id] = is_new
    return groups


def _with_type(group_by: Sequence[str], labels: Labels, kind: str) -> Labels:
    rest = iter(labels)
    return tuple(kind if name == _TYPE else next(rest) for name in group_by)


class _Newness:
    """Tells of visitors who is new: by their first order at the site, or at whichever of the sites it was."""

    def __init__(
        self,
        connection: Connection,
        periods: Mapping[Site, Period],
        visits: Mapping[Site, Sequence[tuple[Labels, _Visitors]]],
        names: Sequence[str],
    ) -> None:
        self._periods = periods
        self._units = [(place, name) for place, name in enumerate(names) if name in TIME_UNITS]
        self._firsts: dict[str, tuple[Instant, Site]] | None = None
        if len(periods) > 1:
            ids = {who for buckets in visits.values() for _, visitors in buckets for who, _ in visitors}
            self._firsts = _first_orders(connection, periods, ids)

    def __call__(self, site: Site, labels: Labels, visitors: _Visitors) -> Customers:
        start, end = self._periods[site].start, self._periods[site].end
        if self._firsts is None and not self._units:
            return {who: start <= first < end for who, first in visitors}
        firsts = self._firsts or {}
        return {who: self._is_new(*firsts.get(who, (first, site)), labels) for who, first in visitors}

    def _is_new(self, first: Instant, home: Site, labels: Labels) -> bool:
        period = self._periods[home]
        return period.start <= first < period.end and all(
            labels[place] == home.calendar.label(name, first) for place, name in self._units
        )


def _first_orders(
    connection: Connection, sites: Iterable[Site], ids: Collection[str]
) -> dict[str, tuple[Instant, Site]]:
    """When and where each customer first ordered at any of the sites, whether or not they were there now.

    Of orders at one instant the lesser id is the first, as at one site, and then the lesser site.
    """
    sql = "SELECT customer_id, first_at, first_order FROM customers WHERE site = {p} AND customer_id IN {values}"
    firsts: dict[str, tuple[Instant, str, Site]] = {}
    for site in sorted(sites, key=lambda site: site.id):
        for customer_id, *first in select_in(connection, sql, (site.id,), ids):
            if customer_id not in firsts or tuple(first) < firsts[customer_id][:2]:
                firsts[customer_id] = (first[0], first[1], site)
    return {customer_id: (at, site) for customer_id, (at, _, site) in firsts.items()}


class _Visits:
    """Who ordered at one site, by units of time and the dimensions that orders have."""

    def __init__(self, connection: Connection, site: Site, group_by: Sequence[str], filters: Filters) -> None:
        self._connection = connection
        self._site = site
        self._group_by = group_by
        self._filters = {name: values for name, values in filters.items() if name != _TYPE}
        self._dimensions = [name for name in group_by if name not in TIME_UNITS]
        self._by_time = len(self._dimensions) < len(group_by)

    def over(self, period: Period) -> Iterator[tuple[Labels, _Visitors]]:
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

    def _from_days(self, first: date, last: date, dimension: str) -> Iterator[tuple[Labels, _Visitors]]:
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
        yield from self._buckets(sql, values, lambda key: self._labels_of_day(*key))

    def _labels_of_day(self, *key: str) -> Labels:
        day = date.fromisoformat(key[0]) if self._by_time else None
        value: Label = (key[-1] or None) if self._dimensions else None
        return tuple(
            self._site.calendar.label_of_date(name, day) if day and name in TIME_UNITS else value
            for name in self._group_by
        )

    def _from_orders(self, stretch: tuple[Instant, Instant]) -> Iterator[tuple[Labels, _Visitors]]:
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
        yield from self._buckets(sql, values, lambda key: self._labels_at(stretch[0], *key))

    def _labels_at(self, start: Instant, *key: Any) -> Labels:
        """A minute that the stretch begins in is labelled by the stretch's own start."""
        at = max(key[0] * MINUTE, start) if self._by_time else 0
        found = iter(key[1:] if self._by_time else key)
        return tuple(
            self._site.calendar.label(name, at) if name in TIME_UNITS else next(found) for name in self._group_by
        )

    def _buckets(
        self, sql: str, values: Sequence[object], labels: Callable[[tuple[Any, ...]], Labels]
    ) -> Iterator[tuple[Labels, _Visitors]]:
        rows = self._connection.exec_driver_sql(sql, tuple(values)).all()
        if not self._group_by:
            yield (), [(row[0], row[1]) for row in rows]
            return
        buckets: dict[tuple[Any, ...], _Visitors] = {}
        for customer_id, first_at, *key in rows:
            buckets.setdefault(tuple(key), []).append((customer_id, first_at))
        for found, visitors in buckets.items():
            yield labels(found), visitors
