"""Pie chart: how a sum is made up; groups beyond the limit are one slice, Other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar

from dash import html
from dash.development.base_component import Component

from services.metrics.answer import Answer, Label, Unit, Value, percentage
from widgets import figures, formats, labels, palette
from widgets.contract import NO_GROUPS, Options, View, Widget


class PieChartOptions(Options):
    groupings: ClassVar[tuple[int, ...]] = (1,)


@dataclass(frozen=True, slots=True)
class Slice:
    label: Label
    text: str
    value: Value
    percentage: Decimal | None


@dataclass(frozen=True, slots=True)
class PieChartView(View):
    slices: tuple[Slice, ...]
    unit: Unit
    title: str

    @property
    def total(self) -> Decimal:
        return sum((Decimal(part.value) for part in self.slices if part.value is not None), Decimal(0))

    @property
    def zero(self) -> bool:
        return not any(part.value for part in self.slices)

    @property
    def nothing(self) -> str | None:
        return None if self.slices else NO_GROUPS

    def data(self) -> dict[str, Any]:
        return {
            "slices": [
                {
                    "label": part.label,
                    "value": formats.number(part.value, self.unit),
                    "percentage": formats.percent_number(part.percentage),
                }
                for part in self.slices
            ],
            "unit": self.unit.data(),
        }


def select(answers: Sequence[Answer], options: PieChartOptions) -> PieChartView:
    """A slice for each group, then Other. Percentages are null when the sum is 0 or a part is negative."""
    (answer,) = answers
    texts = labels.displays(answer)
    parts: list[tuple[Label, str, Value]] = [
        (group.labels[0], text, group.value) for group, text in zip(answer.groups, texts, strict=True)
    ]
    if answer.other is not None:
        parts.append((labels.OTHER, labels.OTHER, answer.other.value))
    values = [Decimal(value) for _, _, value in parts if value is not None]
    whole = None if any(value < 0 for value in values) else sum(values, Decimal(0))
    slices = (Slice(label, text, value, percentage(value, whole)) for label, text, value in parts)
    return PieChartView(tuple(slices), answer.unit, answer.title)


def render(view: PieChartView, options: PieChartOptions) -> Component:
    """A ring with its sum in the middle, and beside it the slices in words; without shares, the words alone."""
    colors = _colors(view, options)
    legend = html.Ul([_row(part, color, view.unit) for part, color in zip(view.slices, colors, strict=True)],
                     className="pb-legend")  # fmt: skip
    if not any(part.percentage for part in view.slices):
        return html.Div(legend, className="pb-pie")
    trace = {
        "type": "pie", "hole": 0.72, "sort": False, "direction": "clockwise", "textinfo": "none",
        "labels": list(range(len(view.slices))), "values": [float(part.value or 0) for part in view.slices],
        "marker": {"colors": colors, "line": {"width": 0}}, "hovertemplate": "%{customdata}<extra></extra>",
        "customdata": [
            f"{figures.plain(part.text)}<br><b>{formats.text(part.value, view.unit)}</b>" for part in view.slices
        ],
    }  # fmt: skip
    ring = figures.graph({"data": [trace], "layout": figures.frame(margin=dict.fromkeys("lrtb", 4))}, _spoken(view))
    middle = html.Div(
        [html.Strong(formats.text(view.total, view.unit, "compact")), html.Span(view.title.lower())],
        className="pb-pie-middle",
    )
    return html.Div([html.Div([ring, middle], className="pb-ring"), legend], className="pb-pie")


def _colors(view: PieChartView, options: PieChartOptions) -> list[str]:
    wheel = palette.wheel(options.color)
    return [palette.QUIET if part.label == labels.OTHER else next(wheel) for part in view.slices]


def _row(part: Slice, color: str, unit: Unit) -> Component:
    return html.Li(
        [
            html.I(style={"background": color}, className="pb-dot", **{"aria-hidden": "true"}),
            html.Span(part.text, className="pb-legend-name"),
            html.Span(formats.text(part.value, unit), className="pb-legend-value"),
            html.Span(formats.percent_text(part.percentage), className="pb-legend-share"),
        ]
    )


def _spoken(view: PieChartView) -> str:
    said = ", ".join(f"{part.text} {formats.percent_text(part.percentage)}" for part in view.slices[:8])
    return f"{view.title}: {said}"


PIE_CHART = Widget("pie_chart", PieChartOptions, select, render)
