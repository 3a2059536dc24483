"""Metric card: one figure, and how it compares with the same elapsed part of an earlier period."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from dash import html
from dash.development.base_component import Component

from services.metrics.answer import Answer, Unit, Value, change
from widgets import change as change_line
from widgets import formats, labels
from widgets.contract import NO_DIVISOR, Options, View, Widget


class MetricCardOptions(Options):
    """`format: compact` writes 12.3k in place of 12,345."""


@dataclass(frozen=True, slots=True)
class MetricCardView(View):
    value: Value
    previous: Value
    change: Decimal | None
    unit: Unit
    compared: bool
    lower_is_better: bool

    @property
    def zero(self) -> bool:
        return self.value == 0

    @property
    def nothing(self) -> str | None:
        return NO_DIVISOR if self.value is None and self.previous is None else None

    def data(self) -> dict[str, Any]:
        return {
            "value": formats.number(self.value, self.unit),
            "previous_value": formats.number(self.previous, self.unit),
            "change_percentage": formats.percent_number(self.change),
            "unit": self.unit.data(),
        }


def select(answers: Sequence[Answer], options: MetricCardOptions) -> MetricCardView:
    """The total of the range."""
    (answer,) = answers
    return MetricCardView(
        value=answer.total,
        previous=answer.previous_total,
        change=change(answer.total, answer.previous_total),
        unit=answer.unit,
        compared=answer.compared,
        lower_is_better=answer.lower_is_better,
    )


def render(view: MetricCardView, options: MetricCardOptions) -> Component:
    figure = html.Div(formats.text(view.value, view.unit, options.format), className="pb-big", **{"data-figure": ""})
    if not view.compared:
        note = html.Div(labels.range_title(options.query), className="pb-change-line pb-against")
        return html.Div([figure, note], className="pb-metric")
    against = f"vs {formats.text(view.previous, view.unit, options.format)} {labels.compared(options.query)}"
    note = change_line.line(view.change, against=against, lower_is_better=view.lower_is_better)
    return html.Div([figure, note], className="pb-metric")


METRIC_CARD = Widget("metric_card", MetricCardOptions, select, render)
