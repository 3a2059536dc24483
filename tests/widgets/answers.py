"""Answers written by hand, for selects that are tested without a store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from services.clock import HOUR, Instant
from services.errors import PulseboardError
from services.metrics import catalogue
from services.metrics.answer import Answer, Group, Label, Period, Unit, Value
from services.metrics.query import Query
from widgets.board import CacheStatus

NOON: Instant = 1_433_160_000 * 1_000_000  # 2015-06-01T12:00:00Z
TODAY = Period(NOON - 12 * HOUR, NOON, NOON + 12 * HOUR, "Europe/Berlin")
"""A day, half of it over."""


def unit_of(metric: str, currency: str = "EUR") -> Unit:
    kind = catalogue.BY_NAME[metric].unit
    return Unit(kind, currency, 2) if kind == "money" else Unit(kind)


def answer(metric: str, group_by: Sequence[str] = (), groups: Sequence[Group] = (), **more: Any) -> Answer:
    """An answer of today's half; axes are taken from the groups unless given."""
    of = catalogue.BY_NAME[metric]
    total: Value = more.pop("total", None)
    defaults: dict[str, Any] = {
        "axes": tuple(_axis(groups, place) for place in range(len(group_by))),
        "previous_total": None,
        "compared": False,
        "period": TODAY,
        "as_of": NOON,
        "has_facts": True,
        "lower_is_better": of.lower_is_better,
        "total_groups": len(groups),
    }
    return Answer(
        metric=metric, title=of.title, unit=unit_of(metric), group_by=tuple(group_by), groups=tuple(groups),
        total=total, **{**defaults, **more},
    )  # fmt: skip


def money(text: str) -> Decimal:
    return Decimal(text)


def _axis(groups: Sequence[Group], place: int) -> tuple[Label, ...]:
    return tuple(dict.fromkeys(group.labels[place] for group in groups))


@dataclass(frozen=True)
class FakeReading:
    answer: Answer | None = None
    error: PulseboardError | None = None
    cache_status: CacheStatus = "fresh"
    as_of: Instant = NOON


class FakeSnapshots:
    """Answers by metric; remembers every call."""

    def __init__(self, **answers: Answer | PulseboardError) -> None:
        self.answers = answers
        self.calls: list[list[Query]] = []

    def __call__(self, queries: list[Query]) -> list[FakeReading]:
        self.calls.append(queries)
        return [self._one(query) for query in queries]

    def _one(self, query: Query) -> FakeReading:
        found = self.answers[query.metric]
        return FakeReading(answer=found) if isinstance(found, Answer) else FakeReading(error=found)
