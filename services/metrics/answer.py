"""What a query answers with: the one shape that widgets, REST and exports read figures from.

Pure data; nothing here reads a store or a clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

from services.clock import Instant
from services.metrics.catalogue import UnitKind

Value = Decimal | int | None
"""Money, ratios and per-order figures are Decimal in major units; counts int; None where a divisor is null."""

Label = str | None
"""What `x` and labels say; None is a missing value (an order without staff, say)."""


@dataclass(frozen=True, slots=True)
class Unit:
    """The unit of an answer; `currency` is set for money alone, `digits` are its minor digits."""

    kind: UnitKind
    currency: str | None = None
    digits: int = 0

    def data(self) -> dict[str, str | None]:
        return {"kind": self.kind, "currency": self.currency}


@dataclass(frozen=True, slots=True)
class Group:
    """One figure of an answer.

    `labels` has one entry for each of the query's group_by, in that order (none: the one total). `previous` is the
    compared period's figure at the same place: the same position along time, the same value of a dimension.
    `open` marks the time bucket that is still filling.
    """

    labels: tuple[Label, ...]
    value: Value
    previous: Value = None
    open: bool = False
    previous_label: Label = None


@dataclass(frozen=True, slots=True)
class Period:
    """The resolved range at one site's calendar: half open, cut at `now`.

    `whole_end` is where the period would end were it not for `now`, so that elapsed shares can be told.
    """

    start: Instant
    end: Instant
    whole_end: Instant
    zone: str

    def elapsed_share(self) -> Decimal:
        """How much of the whole period is over, 0 to 1, four decimals."""
        whole = self.whole_end - self.start
        return share(min(self.end, self.whole_end) - self.start, whole) if whole > 0 else Decimal(1)


@dataclass(frozen=True, slots=True)
class Answer:
    """The figures of one query.

    Shape:  `groups` in the order asked for; along time, every bucket from the period's start to the open one is
            there. `axes` has, for each of group_by, the labels in order (complete for time units). `other` is what
            `limit` left out, added up, or None. `total` is the figure without any grouping.
    Units:  `unit`; money already in major units.
    Time:   `period` of the first site asked; `as_of` is the instant it was computed for.
    """

    metric: str
    title: str
    unit: Unit
    group_by: tuple[str, ...]
    groups: tuple[Group, ...]
    axes: tuple[tuple[Label, ...], ...]
    total: Value
    previous_total: Value
    compared: bool
    period: Period
    as_of: Instant
    has_facts: bool
    lower_is_better: bool = False
    total_groups: int = 0
    other: Group | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    """Display names of labels that are ids: staff_id -> the name last heard."""


def share(part: Decimal | int, whole: Decimal | int) -> Decimal:
    """part / whole with four decimals, half up."""
    return (Decimal(part) / Decimal(whole)).quantize(Decimal("0.0001"), ROUND_HALF_UP)


def percentage(part: Decimal | int | None, whole: Decimal | int | None) -> Decimal | None:
    """part of whole in percent, one decimal, half up; None when either is missing or whole is 0."""
    if part is None or whole is None or whole == 0:
        return None
    return (Decimal(part) * 100 / Decimal(whole)).quantize(Decimal("0.1"), ROUND_HALF_UP)


def change(value: Value, previous: Value) -> Decimal | None:
    """(value − previous) / |previous| × 100, one decimal; None when previous is 0 or either is None."""
    if value is None or previous is None or previous == 0:
        return None
    return percentage(Decimal(value) - Decimal(previous), abs(Decimal(previous)))
