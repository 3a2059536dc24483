"""Sparkline: the shape of a metric along time, and its last value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from dash import html
from dash.development.base_component import Component

from services.metrics.answer import Answer, Label, Unit, Value
from widgets import figures, formats, labels, palette
from widgets.contract import Options, View, Widget


class SparklineOptions(Options):
    """`fill` is on unless the config says otherwise."""

    groupings: ClassVar[tuple[int, ...]] = (1,)
    along_time: ClassVar[bool] = True
    fill: bool = True


@dataclass(frozen=True, slots=True)
class SparklineView(View):
    values: tuple[Value, ...]
    labels: tuple[Label, ...]
    spans: tuple[str, ...]
    open: bool
    unit: Unit
    title: str

    @property
    def last(self) -> Value:
        return self.values[-1] if self.values else None

    @property
    def zero(self) -> bool:
        return not any(self.values)

    def data(self) -> dict[str, Any]:
        return {
            "values": [formats.number(value, self.unit) for value in self.values],
            "labels": list(self.labels),
            "last": formats.number(self.last, self.unit),
            "unit": self.unit.data(),
        }


def select(answers: Sequence[Answer], options: SparklineOptions) -> SparklineView:
    """One value for each bucket; `last` is the open bucket's, so far."""
    (answer,) = answers
    unit = answer.group_by[0]
    return SparklineView(
        values=tuple(group.value for group in answer.groups),
        labels=tuple(group.labels[0] for group in answer.groups),
        spans=tuple(labels.span(unit, group.labels[0] or "") for group in answer.groups),
        open=bool(answer.groups) and answer.groups[-1].open,
        unit=answer.unit,
        title=answer.title,
    )


def render(view: SparklineView, options: SparklineOptions) -> Component:
    when = f"{view.spans[-1]}{', so far' if view.open else ''}" if view.spans else ""
    head = html.Div(
        [
            html.Span(formats.text(view.last, view.unit, options.format), className="pb-big"),
            html.Span(when, className="pb-against"),
        ],
        className="pb-spark-head",
    )
    return html.Div([head, figures.graph(_figure(view, options), _spoken(view, options))], className="pb-spark")


def _figure(view: SparklineView, options: SparklineOptions) -> figures.Figure:
    color = palette.resolve(options.color)
    ys = [None if value is None else float(value) for value in view.values]
    lines = figures.time_line(
        view.values, color, is_open=view.open, width=1.75, fill=options.fill, show_points=options.show_points
    )
    texts = [f"{span}<br><b>{formats.text(value, view.unit)}</b>"
             for span, value in zip(view.spans, view.values, strict=True)]  # fmt: skip
    hidden = {"visible": False, "fixedrange": True}
    known = [y for y in ys if y is not None] or [0.0]
    low, high = min(*known, 0.0), max(*known, 0.0)
    layout = figures.frame(
        hovermode="x", margin={"l": 0, "r": 0, "t": 6, "b": 2},
        xaxis={**hidden, "range": [0, (len(ys) - 1) * 1.03 or 1]},
        yaxis={**hidden, "range": [low, high + (high - low or 1.0) * 0.08]},
    )  # fmt: skip
    return {"data": [*lines, figures.hover_points(ys, texts)], "layout": layout}


def _spoken(view: SparklineView, options: SparklineOptions) -> str:
    return f"{view.title}, {labels.range_title(options.query).lower()}, last {formats.text(view.last, view.unit)}"


SPARKLINE = Widget("sparkline", SparklineOptions, select, render)
