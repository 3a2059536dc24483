"""From a query to its answer: whose sites, which period, which sums, in which order.

Axes, comparison, order and limit are one way for all kinds of metrics; what differs is in sources.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from functools import reduce
from math import prod
from typing import Any

from services import clock
from services.access.scope import Permission, Scope
from services.errors import Forbidden, InvalidRequest, MixedCurrency, NotFound
from services.metrics import catalogue, ranges
from services.metrics.answer import Answer, Group, Label, Period, Unit, Value
from services.metrics.business_time import WEEKDAYS
from services.metrics.catalogue import LINE_DIMENSIONS, TIME_UNITS, Metric
from services.metrics.fact_sums import Filters
from services.metrics.look import Look
from services.metrics.query import Query
from services.metrics.sites import Site
from services.metrics.sources import Source, source_of
from services.metrics.sums import Labels
from services.storage.bulk import mark

CYCLIC = ("weekday", "hour_of_day")
RATIO_DIGITS = 4
MOST_BUCKETS = 20_000
MOST_CELLS = 500_000
_LENGTHS = {
    "minute": clock.MINUTE,
    "hour": clock.HOUR,
    "day": clock.DAY,
    "week": 7 * clock.DAY,
    "month": 28 * clock.DAY,
}


def answer(look: Look, query: Query, scope: Scope) -> Answer:
    """The figures that `query` asks for, as `scope` may see them, at the moment of the look.

    Errors: Forbidden, NotFound (a site), MixedCurrency.
    """
    metric = catalogue.BY_NAME[query.metric]
    asked = allowed_sites(query, scope, look.sites)
    filters = _filters(query, scope, metric)
    unit = _unit(metric, asked)
    source = source_of(look.connection, metric, unit, filters)
    return _Assembly(look, query, metric, unit, asked, source).answer()


def allowed_sites(query: Query, scope: Scope, sites: Mapping[str, Site]) -> list[Site]:
    """The sites asked for, or all that the scope allows. Raises Forbidden, NotFound."""
    if query.site is None:
        found = [site for site in sites.values() if scope.sees(site.id)]
        if not found:
            raise NotFound("there is no site that you may see")
        return found
    names = list(dict.fromkeys(query.site))
    for name in names:
        if not scope.sees(name):
            raise Forbidden(f"the site {name!r} is not yours to see")
        if name not in sites:
            raise NotFound(f"there is no site {name!r}")
    return [sites[name] for name in names]


def _filters(query: Query, scope: Scope, metric: Metric) -> Filters:
    filters: dict[str, list[str | None]] = {name: list(values) for name, values in query.filters.items()}
    if scope.staff_id is not None:
        if "staff" not in metric.dimensions:
            raise Forbidden(f"{metric.name} cannot be limited to your own figures")
        if "staff" in filters and scope.staff_id not in filters["staff"]:
            raise Forbidden("these are not your own figures")
        filters["staff"] = [scope.staff_id]
    elif "staff" in query.group_by or "staff" in filters:
        scope.require(Permission.VIEW_STAFF)
    return filters


def _unit(metric: Metric, sites: Sequence[Site]) -> Unit:
    if metric.unit == "count":
        return Unit("count")
    if metric.unit != "money":
        return Unit(metric.unit, None, RATIO_DIGITS)
    currencies = {site.currency for site in sites}
    if len(currencies) > 1:
        raise MixedCurrency(f"money in {' and '.join(sorted(currencies))} cannot be added")
    return Unit("money", sites[0].currency, sites[0].digits)


class _Assembly:
    """Puts the groups of the period, and of the one it is compared with, in their places."""

    def __init__(
        self,
        look: Look,
        query: Query,
        metric: Metric,
        unit: Unit,
        sites: Sequence[Site],
        source: Source[Any],
    ) -> None:
        self._look = look
        self._connection = look.connection
        self._query = query
        self._metric = metric
        self._unit = unit
        self._sites = sites
        self._source = source
        self._now = look.now
        self._by = query.group_by

    def answer(self) -> Answer:
        query, source = self._query, self._source
        periods = {site: ranges.resolve(query.range, site.calendar, self._now) for site in self._sites}
        self._refuse_too_many_buckets(periods)
        reach = self._reach(periods)
        found = self._read(reach)
        axes = self._axes(periods, found)
        chosen, left = self._limited(axes, found)
        previous, previous_axes, previous_total = self._previous()
        groups = self._groups(chosen, found, previous, axes, previous_axes, self._open_labels(periods))
        return Answer(
            metric=self._metric.name,
            title=self._metric.title,
            unit=self._unit,
            group_by=tuple(self._by),
            groups=tuple(groups),
            axes=tuple(tuple(axis) for axis in chosen),
            total=self._total(reach, found),
            previous_total=previous_total,
            compared=query.compare is not None,
            period=periods[self._sites[0]],
            as_of=self._now,
            has_facts=bool(found) or self._look.has_facts(self._metric, self._sites),
            lower_is_better=self._metric.lower_is_better,
            total_groups=len(found),
            other=Group(("Other",), source.value(reduce(source.merge, left))) if left else None,
            names=self._names(chosen),
        )

    def _refuse_too_many_buckets(self, periods: Mapping[Site, Period]) -> None:
        """Errors: InvalidRequest, before any of them is made."""
        for period in periods.values():
            counts = [_buckets(name, period) for name in self._by]
            if max(counts, default=0) > MOST_BUCKETS or prod(counts) > MOST_CELLS:
                detail = "makes too many buckets: group by a longer unit, or ask for less time"
                raise InvalidRequest(detail, pointer="/query/group_by")

    def _reach(self, periods: Mapping[Site, Period]) -> Mapping[Site, Period]:
        """The periods as they are read; a state is that of its very end."""
        if self._metric.kind == "state":
            return periods
        return {site: self._look.whole(period) for site, period in periods.items()}

    def _read(self, periods: Mapping[Site, Period]) -> dict[Labels, Any]:
        found = self._source.read(periods, self._by)
        return {labels: group for labels, group in found.items() if self._source.present(labels, group)}

    def _previous(self) -> tuple[dict[Labels, Any], list[list[Label]], Value]:
        query = self._query
        if query.compare is None:
            return {}, [], None
        periods = {site: ranges.compared(query.range, query.compare, site.calendar, self._now) for site in self._sites}
        found = self._read(periods)
        return found, self._axes(periods, found), self._total(periods, found)

    def _total(self, periods: Mapping[Site, Period], found: dict[Labels, Any]) -> Value:
        if not self._by:
            return self._source.value(found.get(()))
        if self._adds_up():
            return self._source.value(reduce(self._source.merge, found.values()) if found else None)
        return self._source.value(self._source.read(periods, ()).get(()))

    def _adds_up(self) -> bool:
        """Whether the groups together are the total; an order can be in two products, a customer new in one hour."""
        if self._metric.kind == "distinct":
            return not set(self._by) & set(TIME_UNITS)
        return self._metric.kind != "state" and not set(self._by) & set(LINE_DIMENSIONS)

    def _axes(self, periods: Mapping[Site, Period], found: Iterable[Labels]) -> list[list[Label]]:
        return [
            _time_axis(name, periods) if name in TIME_UNITS else self._labels_at(place, found)
            for place, name in enumerate(self._by)
        ]

    def _labels_at(self, place: int, found: Iterable[Labels]) -> list[Label]:
        return list(dict.fromkeys(labels[place] for labels in found))

    def _limited(self, axes: list[list[Label]], found: dict[Labels, Any]) -> tuple[list[list[Label]], list[Any]]:
        """Axes in the order asked for and cut at the limit; and the groups that the limit leaves out."""
        chosen: list[list[Label]] = []
        left: list[Any] = []
        for place, axis in enumerate(axes):
            if self._by[place] in TIME_UNITS and (self._query.order is None or len(axes) > 1):
                ordered = axis
            else:
                ordered = self._ordered(place, axis, found)
            limited = len(axes) == 1 or self._by[place] not in TIME_UNITS
            limit = self._query.limit if limited else None
            if limit is not None and len(axes) == 1:
                left = [found[(label,)] for label in ordered[limit:] if (label,) in found]
            chosen.append(ordered[:limit])
        return chosen, left

    def _ordered(self, place: int, axis: list[Label], found: dict[Labels, Any]) -> list[Label]:
        """By value (or label), ties by label; what has no value or no label comes last."""
        order = self._query.order or "-value"
        merged: dict[Label, Any] = {}
        for labels, group in found.items():
            label = labels[place]
            merged[label] = self._source.merge(merged[label], group) if label in merged else group
        values = {label: self._source.value(merged.get(label)) for label in axis}
        by_label = sorted(axis, key=lambda label: (label is None, label or ""), reverse=False)
        if order == "-label":
            return sorted((label for label in axis if label is not None), reverse=True) + [
                label for label in axis if label is None
            ]
        if order == "label":
            return by_label
        sign = -1 if order == "-value" else 1
        return sorted(by_label, key=lambda label: _rank(values[label], sign))

    def _groups(
        self,
        chosen: list[list[Label]],
        found: dict[Labels, Any],
        previous: dict[Labels, Any],
        axes: list[list[Label]],
        previous_axes: list[list[Label]],
        open_labels: Sequence[Label],
    ) -> list[Group]:
        value = self._source.value
        complete = not self._by or any(name in TIME_UNITS for name in self._by)
        groups = []
        for labels in _product(chosen):
            if not complete and labels not in found:
                continue
            place = self._same_place(labels, axes, previous_axes)
            groups.append(
                Group(
                    labels,
                    value(found.get(labels)),
                    None if place is None else value(previous.get(place)),
                    any(label == current for label, current in zip(labels, open_labels, strict=True) if current),
                    next(
                        (label for label, name in zip(place or (), self._by, strict=False) if name in TIME_UNITS), None
                    ),
                )
            )
        return groups

    def _same_place(self, labels: Labels, axes: list[list[Label]], previous_axes: list[list[Label]]) -> Labels | None:
        """Where the compared period has this group: the same position along time, else the same label."""
        if self._query.compare is None:
            return None
        place: list[Label] = []
        for name, label, axis, before in zip(self._by, labels, axes, previous_axes, strict=True):
            if name not in TIME_UNITS or name in CYCLIC:
                place.append(label)
                continue
            position = axis.index(label)
            if position >= len(before):
                return None
            place.append(before[position])
        return tuple(place)

    def _open_labels(self, periods: Mapping[Site, Period]) -> list[Label]:
        """For each of group_by the label of the bucket that is still filling; None where there is none."""
        site = self._sites[0]
        is_open = periods[site].start <= self._now < periods[site].whole_end
        return [
            site.calendar.label(name, self._now) if is_open and name in TIME_UNITS and name not in CYCLIC else None
            for name in self._by
        ]

    def _names(self, axes: list[list[Label]]) -> dict[str, str]:
        """Of the staff that is shown, as they were last told."""
        if "staff" not in self._by:
            return {}
        shown = set(axes[self._by.index("staff")])
        place = mark(self._connection)
        marks = ", ".join([place] * len(self._sites))
        sql = f"SELECT staff_id, name FROM staff WHERE site IN ({marks}) ORDER BY occurred_at, event_id, source"  # noqa: S608  # places only
        rows = self._connection.exec_driver_sql(sql, tuple(site.id for site in self._sites))
        return {row[0]: row[1] for row in rows if row[0] in shown}


def _buckets(name: str, period: Period) -> int:
    """About how many labels a unit of time has in a period; 1 for dimensions, whose labels are only those there are."""
    if name in CYCLIC:
        return 24
    return max(0, period.end - period.start) // _LENGTHS[name] + 1 if name in _LENGTHS else 1


def _time_axis(unit: str, periods: Mapping[Site, Period]) -> list[Label]:
    """The labels of all buckets that the periods touch, each site by its own calendar."""
    axes = [site.calendar.buckets(unit, period.start, period.end) for site, period in periods.items()]
    if len(axes) == 1:
        return list(axes[0])
    joined = set().union(*axes)
    return list(sorted(joined, key=WEEKDAYS.index) if unit == "weekday" else sorted(joined))


def _rank(value: Value, sign: int) -> tuple[bool, Decimal]:
    return (value is None, Decimal(0) if value is None else sign * Decimal(value))


def _product(axes: Sequence[Sequence[Label]]) -> Iterable[Labels]:
    if not axes:
        return [()]
    return [(first, *rest) for first in axes[0] for rest in _product(axes[1:])]
