"""Sums of measures at one site over a stretch of time, from the coarsest rollups that hold them exactly.

Whole business days come from daily rollups, whole wall-clock hours from hourly ones, whole minutes of totals from
those of the last 48 hours, and what is left at the ends from the facts. Filters on more than one dimension, and a
site whose rollups are being built anew, go to the facts altogether.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection

from services.clock import MINUTE, Instant
from services.metrics import fact_sums
from services.metrics.answer import Label
from services.metrics.business_time import Calendar
from services.metrics.catalogue import LINE_DIMENSIONS, MEASURES, TIME_UNITS
from services.metrics.fact_sums import Filters
from services.metrics.sites import Site
from services.storage.bulk import mark

Labels = tuple[Label, ...]
Vector = list[int]
"""One number for each of MEASURES; those not asked for stay 0."""

_PLACE = {name: place for place, name in enumerate(MEASURES)}
_HOURLY = frozenset({"minute", "hour", "hour_of_day"})
"""Units of time that business days do not tell."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which sums: their measures, what they are grouped by (units of time and dimensions), and filters."""

    measures: frozenset[str]
    group_by: tuple[str, ...]
    filters: Filters

    @property
    def dimensions(self) -> tuple[str, ...]:
        return tuple(name for name in self.group_by if name not in TIME_UNITS)

    @property
    def units(self) -> tuple[str, ...]:
        return tuple(name for name in self.group_by if name in TIME_UNITS)


def read(connection: Connection, site: Site, start: Instant, end: Instant, wanted: Wanted) -> dict[Labels, Vector]:
    """Vectors by labels, one label for each of `group_by`; groups without facts are absent."""
    return _Reading(connection, site, wanted).over(start, end)


class _Reading:
    def __init__(self, connection: Connection, site: Site, wanted: Wanted) -> None:
        self._connection = connection
        self._site = site
        self._calendar: Calendar = site.calendar
        self._wanted = wanted
        self._dimension = _rolled_up(wanted)
        self._measures = [name for name in MEASURES if name in wanted.measures]
        self._sums: dict[Labels, Vector] = {}

    def over(self, start: Instant, end: Instant) -> dict[Labels, Vector]:
        if start >= end:
            return {}
        if self._site.rebuilding or self._dimension is None:
            self._from_facts((start, end))
        elif "minute" in self._wanted.units:
            self._from_minutes((start, end))
        else:
            self._from_rollups(start, end)
        return self._sums

    def _from_rollups(self, start: Instant, end: Instant) -> None:
        finest = "hour" if _HOURLY & set(self._wanted.units) else "day"
        cover = self._calendar.cover(start, end, finest)  # type: ignore[arg-type]  # one of the two literals
        if cover.days is not None:
            self._from_days(*cover.days)
        for stretch in cover.hours:
            self._from_hours(stretch)
        for stretch in cover.rest:
            self._from_minutes(stretch)

    def _from_days(self, first: date, last: date) -> None:
        keys = ["business_date"] if self._wanted.units else []
        keys += ["value"] if self._wanted.dimensions else []
        bounds = (first.isoformat(), last.isoformat())
        for *key, vector in self._rollup("rollup_day", keys, "business_date >= {p} AND business_date < {p}", bounds):
            found = dict(zip(keys, key, strict=True))
            day = date.fromisoformat(found["business_date"]) if self._wanted.units else None
            self._add(self._labels_of_day(day, found.get("value")), vector)

    def _from_hours(self, stretch: tuple[Instant, Instant]) -> None:
        low, high = stretch
        calendar = self._calendar
        bounds = (calendar.hour_start(low), high)
        keys = ["hour", "business_date", "value"] if self._wanted.dimensions else ["hour", "business_date"]
        for *key, vector in self._rollup("rollup_hour", keys, "hour >= {p} AND hour < {p}", bounds):
            start = max(key[0], calendar.day_start(date.fromisoformat(key[1])))
            if low <= start < high:
                self._add(self._labels(start, (key[2] or None,) if self._wanted.dimensions else ()), vector)

    def _rollup(
        self, table: str, keys: Sequence[str], where: str, bound: Sequence[object]
    ) -> Iterator[tuple[Any, ...]]:
        place = mark(self._connection)
        clauses = [f"site = {place}", f"dimension = {place}", where.format(p=place)]
        values: list[object] = [self._site.id, self._dimension, *bound]
        for wanted in self._wanted.filters.values():
            clause, more = fact_sums.in_list("value", [value or "" for value in wanted], place)
            clauses.append(clause)
            values += more
        columns = ", ".join([*keys, *(f"SUM({name})" for name in self._measures)])
        sql = f"SELECT {columns} FROM {table} WHERE {' AND '.join(clauses)}"  # noqa: S608  # names of our own tables
        if keys:
            sql += f" GROUP BY {', '.join(keys)}"
        for row in self._connection.exec_driver_sql(sql, tuple(values)):
            yield (*row[: len(keys)], self._vector(row[len(keys) :]))

    def _from_minutes(self, stretch: tuple[Instant, Instant]) -> None:
        """Whole minutes of totals from their rollups, the rest from facts."""
        low, high = -(-stretch[0] // MINUTE) * MINUTE, stretch[1] // MINUTE * MINUTE
        if self._dimension != "" or low < self._site.minutes_from or low >= high:
            self._from_facts(stretch)
            return
        place, columns = mark(self._connection), ", ".join(["minute", *self._measures])
        sql = (
            f"SELECT {columns} FROM rollup_minute "  # noqa: S608  # names of our own tables
            f"WHERE site = {place} AND minute >= {place} AND minute < {place}"
        )
        for minute, *amounts in self._connection.exec_driver_sql(sql, (self._site.id, low, high)):
            self._add(self._labels(minute, ()), self._vector(amounts))
        self._from_facts((stretch[0], low))
        self._from_facts((high, stretch[1]))

    def _from_facts(self, stretch: tuple[Instant, Instant]) -> None:
        if stretch[0] >= stretch[1]:
            return
        wanted = self._wanted
        names = frozenset((*wanted.dimensions, *wanted.filters))
        for family in fact_sums.families(wanted.measures, names):
            rows = fact_sums.read(
                self._connection, family, self._site.id, stretch, wanted.dimensions, wanted.filters,
                by_minute=bool(wanted.units),
            )  # fmt: skip
            for minute, values, sums in rows:
                # A minute that the stretch begins in is labelled by the stretch's own start.
                labels = self._labels(max(minute, stretch[0]), values) if wanted.units else values
                if any(sums.values()):
                    self._add(labels, [sums.get(name, 0) for name in MEASURES])

    def _labels(self, instant: Instant, values: Sequence[Label]) -> Labels:
        found = iter(values)
        return tuple(
            self._calendar.label(name, instant) if name in TIME_UNITS else next(found) for name in self._wanted.group_by
        )

    def _labels_of_day(self, day: date | None, value: str | None) -> Labels:
        return tuple(
            self._calendar.label_of_date(name, day) if name in TIME_UNITS and day else (value or None)
            for name in self._wanted.group_by
        )

    def _vector(self, amounts: Sequence[int | None]) -> Vector:
        vector = [0] * len(MEASURES)
        for name, amount in zip(self._measures, amounts, strict=True):
            vector[_PLACE[name]] = int(amount or 0)
        return vector

    def _add(self, labels: Labels, vector: Vector) -> None:
        known = self._sums.get(labels)
        self._sums[labels] = vector if known is None else [a + b for a, b in zip(known, vector, strict=True)]


def _rolled_up(wanted: Wanted) -> str | None:
    """The dimension whose rollups hold these sums ("" for totals), or None where none does."""
    names = {*wanted.dimensions, *wanted.filters}
    if len(names) > 1:
        return None
    name = next(iter(names), "")
    added_up = name not in wanted.dimensions and len(wanted.filters.get(name, ())) > 1
    # An order that holds two of the products would count twice.
    return None if name in LINE_DIMENSIONS and added_up else name
