"""Gauge: where a figure stands between two bounds, and which thresholds it has passed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Self

from dash import html
from dash.development.base_component import Component
from pydantic import model_validator

from services.metrics.answer import Answer, Unit, percentage
from services.metrics.catalogue import BY_NAME
from widgets import formats, labels, palette
from widgets.contract import NO_DIVISOR, Options, Threshold, View, Widget


class GaugeOptions(Options):
    """`min` is 0 where it is left out, `max` is `target`, or 1 for a ratio."""

    @model_validator(mode="after")
    def _has_bounds(self) -> Self:
        if self.top is None:
            raise ValueError("max: needed for a metric that is not a ratio")
        if self.top <= self.bottom:
            raise ValueError("max: must be greater than min")
        return self

    @property
    def bottom(self) -> Decimal:
        return Decimal(0) if self.min is None else self.min

    @property
    def top(self) -> Decimal | None:
        whole = Decimal(1) if BY_NAME[self.query.metric].unit == "ratio" else None
        return next((bound for bound in (self.max, self.target, whole) if bound is not None), None)


@dataclass(frozen=True, slots=True)
class GaugeView(View):
    value: Decimal | None
    min: Decimal
    max: Decimal
    percentage: Decimal | None
    thresholds: tuple[Threshold, ...]
    unit: Unit
    title: str

    @property
    def zero(self) -> bool:
        return self.value == 0

    @property
    def nothing(self) -> str | None:
        return NO_DIVISOR if self.value is None else None

    def data(self) -> dict[str, Any]:
        return {
            "value": formats.number(self.value, self.unit),
            "min": formats.number(self.min, self.unit),
            "max": formats.number(self.max, self.unit),
            "percentage": formats.percent_number(self.percentage),
            "thresholds": [threshold.data() for threshold in self.thresholds],
            "unit": self.unit.data(),
        }


def select(answers: Sequence[Answer], options: GaugeOptions) -> GaugeView:
    """The percentage is of the way from min to max, and may lie outside 0 to 100."""
    (answer,) = answers
    value = None if answer.total is None else Decimal(answer.total)
    low, high = options.bottom, options.top or Decimal(1)
    thresholds = tuple(sorted(options.thresholds, key=lambda threshold: threshold.at))
    share = None if value is None else percentage(value - low, high - low)
    return GaugeView(value, low, high, share, thresholds, answer.unit, answer.title)


def render(view: GaugeView, options: GaugeOptions) -> Component:
    """A half ring filled to the value in the colour of the last threshold passed; a thin outer ring shows them all."""
    value = view.value or Decimal(0)
    turned, color = _clamped(view, value), _color_at(view, value, options)
    dial = html.Div(
        [
            html.Div(className="pb-dial-zones", style={"background": _zones(view)}),
            html.Div(className="pb-dial-track", style={"--pb-turn": f"{turned * 180:.1f}deg", "--pb-color": color}),
            html.Div(formats.text(view.value, view.unit, options.format), className="pb-dial-value"),
        ],
        className="pb-dial", role="meter",
        **{"aria-valuenow": float(value), "aria-valuemin": float(view.min), "aria-valuemax": float(view.max),
           "aria-label": view.title},
    )  # fmt: skip
    ends = html.Div(
        [
            html.Span(formats.text(view.min, view.unit, "compact")),
            html.Span(labels.range_title(options.query)),
            html.Span(formats.text(view.max, view.unit, "compact")),
        ],
        className="pb-dial-ends",
    )
    return html.Div([dial, ends], className="pb-gauge")


def _clamped(view: GaugeView, at: Decimal) -> Decimal:
    """How far along the dial a figure lies, 0 to 1."""
    return max(Decimal(0), min(Decimal(1), (at - view.min) / (view.max - view.min)))


def _color_at(view: GaugeView, value: Decimal, options: GaugeOptions) -> str:
    passed = [threshold.color for threshold in view.thresholds if value >= threshold.at]
    return palette.resolve(passed[-1] if passed else options.color)


def _zones(view: GaugeView) -> str:
    """The thresholds as sectors of a half circle, clear before the first."""
    stops = ["transparent 0deg"]
    for at, threshold in enumerate(view.thresholds):
        start = _clamped(view, threshold.at) * 180
        following = view.thresholds[at + 1 : at + 2]
        end = _clamped(view, following[0].at) * 180 if following else Decimal(180)
        before = "transparent" if at == 0 else palette.resolve(view.thresholds[at - 1].color)
        stops += [f"{before} {start:.1f}deg", f"{palette.resolve(threshold.color)} {start:.1f}deg {end:.1f}deg"]
    return f"conic-gradient(from 270deg at 50% 100%, {', '.join(stops)}, transparent 180deg)"


GAUGE = Widget("gauge", GaugeOptions, select, render)
