"""Contributions summed into rollup cells of one site: what a transaction adds to which rows. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from operator import add
from typing import TypeVar

from services.clock import MINUTE, Instant
from services.metrics.business_time import Calendar, Segment
from services.metrics.catalogue import MEASURES
from services.metrics.contributions import TOTAL, Amounts, Contribution, Places, Value

Cell = list[int]
HourKey = tuple[str, Instant, str, str]
"""(dimension, hour start, business date, value)."""
CustomerKey = tuple[str, str, str, str]
"""(dimension, business date, value, customer_id)."""

_Gathered = dict[Places, dict[Value, list[Amounts]]]
"""What is to be added up, of one segment."""

_Key = TypeVar("_Key")

_NOTHING = [0] * len(MEASURES)
_NEVER = Segment(0, 0, 0, 0, date.min, "")


class Deltas:
    """Sums by hour (and by minute for totals); business days follow from the hours.

    Parts of it whose rollups are not kept (minutes before `minutes_from`, business dates from `built_before` on)
    are left out. From `first` to `last` something changes, also in what is left out.
    """

    def __init__(self, calendar: Calendar, minutes_from: Instant, built_before: str | None = None) -> None:
        self._calendar = calendar
        self._minutes_from = minutes_from
        self._built_before = built_before
        self.hours: dict[HourKey, Cell] = {}
        self.minutes: dict[Instant, Cell] = {}
        self.customers: dict[CustomerKey, int] = defaultdict(int)
        self.first: Instant | None = None
        self.last: Instant | None = None
        self._left_out: set[int] = set()

    def change(self, old: Iterable[Contribution], new: Iterable[Contribution]) -> None:
        """What `old` added goes and what `new` adds comes; quicker for many at once than for each alone."""
        self._add([(at, places, tuple([-each for each in amounts]), to) for at, places, amounts, to in old])
        self._add(new)

    def count_customer(self, at: Instant, customer_id: str, cells: Iterable[tuple[str, str]], sign: int) -> None:
        """An order of a customer at `at`, in the cells (dimension, value), comes (1) or goes (-1)."""
        segment = self._calendar.segment(at)
        if self._is_kept(segment):
            for dimension, value in cells:
                self.customers[(dimension, segment.business_date, value, customer_id)] += sign

    def days(self) -> dict[tuple[str, str, str], Cell]:
        """The same by (dimension, business date, value)."""
        days: dict[tuple[str, str, str], Cell] = {}
        for (dimension, _, day, value), cell in self.hours.items():
            known = days.get((dimension, day, value), _NOTHING)
            days[(dimension, day, value)] = list(map(add, known, cell))
        return days

    def measures(self) -> set[str]:
        """The measures that change in some cell."""
        sums = (any(column) for column in zip(*self.hours.values(), strict=True))
        changed = {place for place, some in enumerate(sums) if some}
        return {MEASURES[place] for place in changed | self._left_out}

    def _reach(self, at: Instant) -> None:
        if self.first is None or at < self.first:
            self.first = at
        if self.last is None or at > self.last:
            self.last = at

    def _is_kept(self, segment: Segment) -> bool:
        return self._built_before is None or segment.business_date < self._built_before

    def _add(self, contributions: Iterable[Contribution]) -> None:
        """Gathers what goes to one cell, then sums it measure by measure: far quicker than one amount at a time."""
        gathered: dict[Segment, _Gathered] = {}
        segment, by_places, kept = _NEVER, _Gathered(), False
        last: Instant | None = None
        for at, places, amounts, values in contributions:
            if at != last:
                last = at
                self._reach(at)
                if not segment.start <= at < segment.end:
                    segment = self._calendar.segment(at)
                    by_places, kept = gathered.setdefault(segment, _Gathered()), self._is_kept(segment)
            cells = by_places.get(places)
            if cells is None:
                cells = by_places[places] = defaultdict(list)
            for value in values:
                cells[value].append(amounts)
            if kept and at >= self._minutes_from and values[0] == TOTAL:
                _put(self.minutes, at - at % MINUTE, places, amounts)
        for segment, by_places in gathered.items():
            for places, cells in by_places.items():
                self._sum(segment, places, cells)

    def _sum(self, segment: Segment, places: Places, cells: Mapping[Value, Sequence[Amounts]]) -> None:
        kept = self._is_kept(segment)
        for (dimension, value), rows in cells.items():
            columns = zip(*rows, strict=True)
            if kept:
                key = (dimension, segment.hour, segment.business_date, value)
                _put(self.hours, key, places, map(sum, columns))
            else:
                self._left_out.update(place for place, column in zip(places, columns, strict=True) if any(column))


def _put(cells: dict[_Key, Cell], key: _Key, places: Places, amounts: Iterable[int]) -> None:
    cell = cells.get(key)
    if cell is None:
        cell = cells[key] = list(_NOTHING)
    for place, amount in zip(places, amounts, strict=True):
        cell[place] += amount
