"""Progress bar: how much of a target is reached."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from dash import html
from dash.development.base_component import Component

from services.metrics.answer import Answer, Unit, percentage
from widgets import formats, labels, palette
from widgets.contract import NO_DIVISOR, Figure, Options, View, Widget


class ProgressBarOptions(Options):
    target: Figure


@dataclass(frozen=True, slots=True)
class ProgressBarView(View):
    current: Decimal | None
    target: Decimal
    percentage: Decimal | None
    unit: Unit
    title: str

    @property
    def zero(self) -> bool:
        return self.current == 0

    @property
    def nothing(self) -> str | None:
        return NO_DIVISOR if self.current is None else None

    def data(self) -> dict[str, Any]:
        return {
            "current_value": formats.number(self.current, self.unit),
            "target_value": formats.number(self.target, self.unit),
            "percentage": formats.percent_number(self.percentage),
            "unit": self.unit.data(),
        }


def select(answers: Sequence[Answer], options: ProgressBarOptions) -> ProgressBarView:
    """The percentage is not clamped: 120 is a target passed by a fifth; null for a target of 0."""
    (answer,) = answers
    current = None if answer.total is None else Decimal(answer.total)
    return ProgressBarView(current, options.target, percentage(current, options.target), answer.unit, answer.title)


def render(view: ProgressBarView, options: ProgressBarOptions) -> Component:
    figure = [
        html.Span(formats.text(view.current, view.unit, options.format), className="pb-big"),
        html.Span(f"of {formats.brief(view.target, view.unit, options.format)}", className="pb-of"),
        html.Span(formats.percent_text(view.percentage), className="pb-share"),
    ]
    return html.Div(
        [
            html.Div(figure, className="pb-progress-head"),
            _bar(view.percentage, palette.resolve(options.color), view.title),
            html.Div(_remaining(view, options), className="pb-against"),
        ],
        className="pb-progress",
    )


def _remaining(view: ProgressBarView, options: ProgressBarOptions) -> str:
    away = view.target - (view.current or Decimal(0))
    written = formats.text(abs(away), view.unit, options.format)
    when = labels.range_title(options.query)
    if away == 0:
        return f"{when}: target reached"
    return f"{when}: {written} to go" if away > 0 else f"{when}: {written} above the target"


def _bar(percent: Decimal | None, color: str, title: str) -> Component:
    """A bar filled to `percent`, full at 100."""
    width = max(Decimal(0), min(Decimal(100), percent or Decimal(0)))
    return html.Div(
        html.Div(className="pb-bar-fill", style={"width": f"{width}%", "background": color}),
        className="pb-bar", role="progressbar",
        **{"aria-valuenow": float(width), "aria-valuemin": 0, "aria-valuemax": 100, "aria-label": title},
    )  # fmt: skip


PROGRESS_BAR = Widget("progress_bar", ProgressBarOptions, select, render)
