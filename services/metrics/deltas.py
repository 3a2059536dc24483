"""Contributions summed into rollup cells of one site: what a transaction adds to which rows. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from services.clock import MINUTE, Instant
from services.metrics.business_time import Calendar
from services.metrics.catalogue import MEASURES
from services.metrics.contributions import Contribution

Cell = list[int]
HourKey = tuple[str, Instant, str, str]
"""(dimension, hour start, business date, value)."""
CustomerKey = tuple[str, str, str, str]
"""(dimension, business date, value, customer_id)."""

_NOTHING = [0] * len(MEASURES)


class Deltas:
    """Sums by hour (and by minute for totals); business days follow from the hours.

    Parts of it whose rollups are not kept (minutes before `minutes_from`, business dates from `built_before` on)
    are left out.
    """

    def __init__(self, calendar: Calendar, minutes_from: Instant, built_before: str | None = None) -> None:
        self._calendar = calendar
        self._minutes_from = minutes_from
        self._built_before = built_before
        self.hours: dict[HourKey, Cell] = {}
        self.minutes: dict[Instant, Cell] = {}
        self.customers: dict[CustomerKey, int] = defaultdict(int)
        self._left_out: set[int] = set()

    def change(self, old: Iterable[Contribution], new: Iterable[Contribution]) -> None:
        self._add(old, -1)
        self._add(new, 1)

    def count_customer(self, at: Instant, customer_id: str, cells: Iterable[tuple[str, str]], sign: int) -> None:
        """An order of a customer at `at`, in the cells (dimension, value), comes (1) or goes (-1)."""
        date = self._calendar.business_date(at).isoformat()
        if self._built_before is None or date < self._built_before:
            for dimension, value in cells:
                self.customers[(dimension, date, value, customer_id)] += sign

    def days(self) -> dict[tuple[str, str, str], Cell]:
        """The same by (dimension, business date, value)."""
        days: dict[tuple[str, str, str], Cell] = {}
        for (dimension, _, date, value), cell in self.hours.items():
            sums = days.setdefault((dimension, date, value), list(_NOTHING))
            for place, amount in enumerate(cell):
                sums[place] += amount
        return days

    def measures(self) -> set[str]:
        """The measures that change in some cell."""
        sums = (any(column) for column in zip(*self.hours.values(), strict=True))
        changed = {place for place, some in enumerate(sums) if some}
        return {MEASURES[place] for place in changed | self._left_out}

    def _add(self, contributions: Iterable[Contribution], sign: int) -> None:
        hours, calendar = self.hours, self._calendar
        last: Instant | None = None
        hour, date = 0, ""
        for at, dimension, value, amounts in contributions:
            if at != last:
                last, hour, date = at, calendar.hour_start(at), calendar.business_date(at).isoformat()
            if self._built_before is not None and date >= self._built_before:
                self._left_out.update(place for place, _ in amounts)
                continue
            key = (dimension, hour, date, value)
            cell = hours.get(key)
            if cell is None:
                cell = hours[key] = list(_NOTHING)
            for place, amount in amounts:
                cell[place] += sign * amount
            if not dimension and at >= self._minutes_from:
                minute = self.minutes.setdefault(at - at % MINUTE, list(_NOTHING))
                for place, amount in amounts:
                    minute[place] += sign * amount
