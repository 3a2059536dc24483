"""The small contract that every widget type keeps: options, queries, select, render.

A widget is four plain things. Its options are the schema of `config`, the same for REST and for saved dashboards;
`queries` says what it asks; `select` makes a view of the answers (pure: literal answers in, literal figures out);
`render` draws the view. The host (board.py and the live callback) reads, caches, refreshes and shows errors.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Generic, Self, TypeVar

from dash.development.base_component import Component
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from services.metrics.answer import Answer
from services.metrics.catalogue import TIME_UNITS
from services.metrics.query import Query
from widgets.formats import Style
from widgets.palette import Color


def _written_exactly(value: object) -> object:
    """JSON numbers come as floats; their shortest text is what was written, so 0.1 stays 0.1."""
    return str(value) if isinstance(value, float) else value


Figure = Annotated[
    Decimal, BeforeValidator(_written_exactly), Field(allow_inf_nan=False, max_digits=18, decimal_places=4)
]


class Threshold(BaseModel):
    """From `at` upwards the figure takes this colour."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    at: Figure
    color: Color

    def data(self) -> dict[str, Any]:
        return {"at": float(self.at), "color": self.color}


class Options(BaseModel):
    """What every type's `config` may hold.

    All keys of the contract are known to all types, so that a widget whose type is changed keeps its settings;
    a type draws those that mean something to it, and demands those it cannot do without.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    groupings: ClassVar[tuple[int, ...]] = (0, 1, 2)
    """How many group_by the type can draw."""
    along_time: ClassVar[bool] = False
    """Whether the first of them has to be a unit of time."""

    query: Query
    title: Annotated[str, StringConstraints(max_length=120)] | None = None
    format: Style = "full"
    color: Color | None = None
    target: Figure | None = None
    min: Figure | None = None
    max: Figure | None = None
    thresholds: tuple[Threshold, ...] = Field(default=(), max_length=10)
    show_points: bool = False
    fill: bool = False
    horizontal: bool = False

    @model_validator(mode="after")
    def _can_be_drawn(self) -> Self:
        groups = self.query.group_by
        if len(groups) not in self.groupings:
            raise ValueError(f"query.group_by: this widget takes {' or '.join(map(str, self.groupings))} of them")
        if self.along_time and groups[0] not in TIME_UNITS:
            raise ValueError(f"query.group_by: the first has to be one of {', '.join(TIME_UNITS)}")
        return self


class View(ABC):
    """What a widget shows, ready to be drawn or sent."""

    @abstractmethod
    def data(self) -> dict[str, Any]:
        """The contract's `data` for this type: JSON values only."""

    @property
    def zero(self) -> bool:
        """Whether there is data, and all of it is nought: shown unlike "no data"."""
        return False

    @property
    def nothing(self) -> str | None:
        """Why there is no figure to show, where there is none although facts are known: shown as "no data"."""
        return None


NO_DIVISOR = "Nothing to divide by yet."
NO_GROUPS = "Nothing of this kind in the period."


O = TypeVar("O", bound=Options)  # noqa: E741 - the usual name beside V
V = TypeVar("V", bound=View)


OptionsOf = type[O]


def one_query(options: Options) -> list[Query]:
    return [options.query]


@dataclass(frozen=True, slots=True)
class Widget(Generic[O, V]):
    """One type: `select` is given one answer for each of `queries(options)`, in that order."""

    type: str
    options: OptionsOf[O]
    select: Callable[[Sequence[Answer], O], V]
    render: Callable[[V, O], Component]
    queries: Callable[[O], list[Query]] = one_query
