"""Line chart: a metric along time, the compared period behind it, the open bucket dashed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from dash.development.base_component import Component

from services.metrics.answer import Answer, Group, Label, Unit, Value
from services.metrics.query import Query
from widgets import figures, formats, labels, palette
from widgets.contract import Options, View, Widget

PREVIOUS = "previous"


class LineChartOptions(Options):
    """`fill` tints the area under the first line, `show_points` marks every bucket."""

    groupings: ClassVar[tuple[int, ...]] = (1, 2)
    along_time: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class Point:
    x: Label
    y: Value
    open: bool = False
    compared_x: Label = None

    def data(self, unit: Unit) -> dict[str, Any]:
        point = {"x": self.x, "y": formats.number(self.y, unit), "open": self.open}
        return point if self.compared_x is None else {**point, "compared_x": self.compared_x}


@dataclass(frozen=True, slots=True)
class Series:
    name: str
    title: str
    points: tuple[Point, ...]
    compared: bool = False

    def values(self) -> list[Value]:
        return [point.y for point in self.points]


class Titles(NamedTuple):
    """What a series and its compared one are called, for programs and for people."""

    name: str
    title: str
    previous_name: str
    previous_title: str


@dataclass(frozen=True, slots=True)
class LineChartView(View):
    series: tuple[Series, ...]
    unit: Unit
    texts: tuple[str, ...]
    """What the x axis says, one for each position."""
    spans: tuple[str, ...]
    title: str
    """What is drawn, for legends and screen readers."""

    @property
    def zero(self) -> bool:
        return not any(value for series in self.series for value in series.values())

    def data(self) -> dict[str, Any]:
        return {
            "series": [
                {"name": series.name, "points": [point.data(self.unit) for point in series.points]}
                for series in self.series
            ],
            "unit": self.unit.data(),
        }


def select(answers: Sequence[Answer], options: LineChartOptions) -> LineChartView:
    """One series, or one for each label of the second group_by; the compared ones follow, named `previous`.

    Shape:  every series has a point for each bucket up to the open one; compared points are aligned by position and
            bear the current bucket's x, and their own as `compared_x`.
    """
    (answer,) = answers
    series = _split(answer) if len(answer.group_by) == 2 else _single(answer, options.query)
    unit, axis = answer.group_by[0], answer.axes[0]
    return LineChartView(
        series=tuple(series),
        unit=answer.unit,
        texts=tuple(labels.displays(answer)),
        spans=tuple(labels.span(unit, label or "") for label in axis),
        title=answer.title,
    )


def _single(answer: Answer, query: Query) -> list[Series]:
    before = labels.compared(query).capitalize() or "Before"
    return _with_compared(answer, Titles(answer.metric, labels.range_title(query), PREVIOUS, before), answer.groups)


def _split(answer: Answer) -> list[Series]:
    """A series for each label of the second dimension; buckets in which it has nothing are 0, or null for ratios."""
    dimension, found = answer.group_by[1], {group.labels: group for group in answer.groups}
    nought: Value = None if answer.unit.kind in ("ratio", "per_order") else 0
    series: list[Series] = []
    for label in answer.axes[1]:
        groups = [found.get((x, label), Group((x, label), nought, nought)) for x in answer.axes[0]]
        title = labels.display(dimension, label, answer.names)
        name = title if label is None else label
        titles = Titles(name, title, f"{name} ({PREVIOUS})", f"{title}, before")
        series += _with_compared(answer, titles, groups)
    return series


def _with_compared(answer: Answer, titles: Titles, groups: Sequence[Group]) -> list[Series]:
    now = Series(titles.name, titles.title, tuple(Point(group.labels[0], group.value, group.open) for group in groups))
    if not answer.compared:
        return [now]
    then = (Point(group.labels[0], group.previous, group.open, group.previous_label) for group in groups)
    return [now, Series(titles.previous_name, titles.previous_title, tuple(then), compared=True)]


def render(view: LineChartView, options: LineChartOptions) -> Component:
    colors = _colors(view, options)
    traces: list[figures.Figure] = []
    for series, color in reversed(list(zip(view.series, colors, strict=True))):
        traces += _traces(series, color, options)
    values = [value for series in view.series for value in series.values()]
    reach = [-0.3, max(len(view.texts) - 0.7, 0.7)]
    layout = figures.frame(
        hovermode="x", xaxis=figures.position_axis(view.texts, 8, tickangle=0, range=reach, **figures.SPIKE),
        yaxis=figures.value_axis(values, view.unit),
    )  # fmt: skip
    keys = [figures.Key(one.title, color, one.compared) for one, color in zip(view.series, colors, strict=True)]
    return figures.graph({"data": [*traces, _hover(view)], "layout": layout}, _spoken(view), keys)


def _colors(view: LineChartView, options: LineChartOptions) -> list[str]:
    """The option's colour, then the palette's; compared series stay quiet."""
    rest = palette.wheel(options.color)
    return [palette.QUIET if series.compared else next(rest) for series in view.series]


def _traces(series: Series, color: str, options: LineChartOptions) -> list[figures.Figure]:
    if series.compared:
        return figures.time_line(series.values(), color, width=1.5, dash="dot")
    is_open = bool(series.points) and series.points[-1].open
    return figures.time_line(
        series.values(), color, is_open=is_open, width=2, fill=options.fill, show_points=options.show_points
    )


def _hover(view: LineChartView) -> figures.Figure:
    """One tooltip for each bucket, with what every series has there."""
    columns = list(zip(*(series.points for series in view.series), strict=True))
    tops = [max((float(point.y) for point in points if point.y is not None), default=None) for points in columns]
    texts = []
    for at, points in enumerate(columns):
        lines = [
            f"<b>{formats.text(point.y, view.unit)}</b>"
            + (f"  {figures.plain(series.title)}" if len(view.series) > 1 else "")
            for series, point in zip(view.series, points, strict=True)
        ]
        mark = ", still open" if points[0].open else ""
        texts.append("<br>".join([f"{view.spans[at]}{mark}", *lines]))
    return figures.hover_points(tops, texts)


def _spoken(view: LineChartView) -> str:
    first = next(iter(view.series), None)
    if first is None or not first.points:
        return view.title
    last = first.points[-1]
    state = "so far" if last.open else "at the end"
    return f"{view.title}, line chart of {len(first.points)} buckets, {formats.text(last.y, view.unit)} {state}"


LINE_CHART = Widget("line_chart", LineChartOptions, select, render)
