"""How each kind of metric reads its groups: sums of measures, distinct customers, or a state.

A `Source` gives groups of something that can be merged, valued and told present; the engine does the rest one way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection

from services.metrics import customers, stock, sums
from services.metrics.answer import Period, Unit, Value
from services.metrics.catalogue import MEASURES, UNALLOCATED, Metric
from services.metrics.fact_sums import Filters
from services.metrics.sites import Site
from services.metrics.sums import Labels, Vector, Wanted

T = TypeVar("T")


@dataclass(frozen=True)
class Source(Generic[T]):
    """How one kind of metric reads groups, joins two of them, values one, and tells whether it holds anything."""

    read: Callable[[Mapping[Site, Period], tuple[str, ...]], dict[Labels, T]]
    merge: Callable[[T, T], T]
    value: Callable[[T | None], Value]
    present: Callable[[Labels, T], bool]


def source_of(connection: Connection, metric: Metric, unit: Unit, filters: Filters) -> Source[Any]:
    """The source of a metric's figures in `unit`, limited by `filters`."""
    if metric.kind == "distinct":
        return _customers(connection, metric, filters)
    if metric.kind == "state":
        return Source[stock.Products](
            lambda periods, by: stock.read(connection, periods, by, filters),
            lambda a, b: a | b,
            lambda products: len(products or ()),
            lambda _, products: bool(products),
        )
    return _sums(connection, metric, unit, filters)


def _customers(connection: Connection, metric: Metric, filters: Filters) -> Source[customers.Customers]:
    def counted(found: customers.Customers | None) -> int:
        if not found or metric.name == "customers":
            return len(found or ())
        is_wanted = metric.name == "new_customers"
        return sum(is_new is is_wanted for is_new in found.values())

    return Source(
        lambda periods, by: customers.read(connection, periods, by, filters),
        lambda a, b: a | b,
        counted,
        lambda _, found: counted(found) > 0,
    )


def _sums(connection: Connection, metric: Metric, unit: Unit, filters: Filters) -> Source[Vector]:
    needed = metric.measures() | {"lines"}

    def read(periods: Mapping[Site, Period], group_by: tuple[str, ...]) -> dict[Labels, Vector]:
        found: dict[Labels, Vector] = {}
        for site, period in periods.items():
            part = sums.read(connection, site, period.start, period.end, Wanted(needed, group_by, filters))
            for labels, vector in part.items():
                found[labels] = _plus(found[labels], vector) if labels in found else vector
        return found

    def value(vector: Vector | None) -> Value:
        return _figure(metric, unit, dict(zip(MEASURES, vector or [0] * len(MEASURES), strict=True)))

    def present(labels: Labels, vector: Vector) -> bool:
        if any(vector[MEASURES.index(name)] for name in metric.present):
            return True
        asked = any(UNALLOCATED in values for values in filters.values())
        return (asked or UNALLOCATED in labels) and bool(value(vector))

    return Source(read, _plus, value, present)


def _plus(one: Vector, other: Vector) -> Vector:
    return [a + b for a, b in zip(one, other, strict=True)]


def _figure(metric: Metric, unit: Unit, measures: Mapping[str, int]) -> Value:
    """The metric's value in its unit, from sums in minor units, thousandths and counts."""
    amount = measures[metric.measure] - (measures[metric.minus] if metric.minus else 0)
    scale = _scale(metric.measure, unit)
    if metric.kind == "quotient":
        whole = sum(measures[name] for name in metric.per)
        if whole == 0:
            return None
        return (Decimal(amount) / scale / whole).quantize(Decimal(1).scaleb(-unit.digits), ROUND_HALF_UP)
    if unit.kind == "money":
        return Decimal(amount).scaleb(-unit.digits)
    return amount if scale == 1 else _whole(Decimal(amount) / scale)


def _scale(measure: str, unit: Unit) -> int:
    if measure == "items":
        return 1000
    return int(10**unit.digits) if unit.kind == "money" else 1


def _whole(number: Decimal) -> Decimal | int:
    return int(number) if number == int(number) else number
