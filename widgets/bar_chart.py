"""Bar chart: a metric by one dimension, or by two as groups of bars; the open bucket is hatched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from dash.development.base_component import Component

from services.metrics.answer import Answer, Label, Unit, Value
from services.metrics.query import Query
from widgets import figures, formats, labels, palette
from widgets.contract import Options, View, Widget


class BarChartOptions(Options):
    """`horizontal` lays the bars, so that long names can be read."""

    groupings: ClassVar[tuple[int, ...]] = (1, 2)


@dataclass(frozen=True, slots=True)
class Bars:
    name: str
    title: str
    values: tuple[Value, ...]
    compared: bool = False


@dataclass(frozen=True, slots=True)
class BarChartView(View):
    labels: tuple[Label, ...]
    texts: tuple[str, ...]
    series: tuple[Bars, ...]
    open: tuple[bool, ...]
    unit: Unit
    title: str

    @property
    def zero(self) -> bool:
        return not any(value for bars in self.series for value in bars.values)

    def data(self) -> dict[str, Any]:
        return {
            "labels": list(self.labels),
            "series": [
                {"name": bars.name, "values": [formats.number(value, self.unit) for value in bars.values]}
                for bars in self.series
            ],
            "unit": self.unit.data(),
        }


def select(answers: Sequence[Answer], options: BarChartOptions) -> BarChartView:
    """One value for each label, for each series. The compared series is named `previous`."""
    (answer,) = answers
    series = _split(answer) if len(answer.group_by) == 2 else _single(answer, options.query)
    open_labels = {group.labels[0] for group in answer.groups if group.open}
    return BarChartView(
        labels=answer.axes[0],
        texts=tuple(labels.displays(answer)),
        series=tuple(series),
        open=tuple(label in open_labels for label in answer.axes[0]),
        unit=answer.unit,
        title=answer.title,
    )


def _single(answer: Answer, query: Query) -> list[Bars]:
    bars = [Bars(answer.metric, labels.range_title(query), tuple(group.value for group in answer.groups))]
    if answer.compared:
        earlier = tuple(group.previous for group in answer.groups)
        bars.append(Bars("previous", labels.compared(query).capitalize() or "Before", earlier, compared=True))
    return bars


def _split(answer: Answer) -> list[Bars]:
    found = {group.labels: group.value for group in answer.groups}
    nought: Value = None if answer.unit.kind in ("ratio", "per_order") else 0
    bars = []
    for label in answer.axes[1]:
        title = labels.display(answer.group_by[1], label, answer.names)
        values = tuple(found.get((x, label), nought) for x in answer.axes[0])
        bars.append(Bars(title if label is None else label, title, values))
    return bars


def render(view: BarChartView, options: BarChartOptions) -> Component:
    wheel = palette.wheel(options.color)
    colors = [palette.QUIET if bars.compared else next(wheel) for bars in view.series]
    traces = [_trace(bars, color, view, options) for bars, color in zip(view.series, colors, strict=True)]
    values = [value for bars in view.series for value in bars.values]
    names = figures.position_axis(view.texts, len(view.texts) if options.horizontal else 12, tickangle=0)
    amounts = figures.value_axis(values, view.unit)
    sides = {"xaxis": amounts, "yaxis": {**names, "autorange": "reversed"}} if options.horizontal else {
        "xaxis": names, "yaxis": amounts}  # fmt: skip
    layout = figures.frame(
        barmode="group", bargap=0.34, bargroupgap=0.08, barcornerradius=3, **sides,
    )  # fmt: skip
    keys = [figures.Key(bars.title, color) for bars, color in zip(view.series, colors, strict=True)]
    return figures.graph({"data": traces, "layout": layout}, _spoken(view), keys)


def _trace(bars: Bars, color: str, view: BarChartView, options: BarChartOptions) -> dict[str, Any]:
    """Bars of one series; hatched where the bucket is still filling."""
    places = list(range(len(bars.values)))
    heights = [None if value is None else float(value) for value in bars.values]
    along, across = ("y", "x") if options.horizontal else ("x", "y")
    hatched = [is_open and not bars.compared for is_open in view.open]
    return {
        "type": "bar", along: places, across: heights, "orientation": "h" if options.horizontal else "v",
        "name": bars.title, "hovertemplate": "%{customdata}<extra></extra>", "customdata": _hover(bars, view),
        "marker": {
            "color": palette.translucent(color, 0.55) if bars.compared else color,
            "pattern": {"shape": ["/" if is_open else "" for is_open in hatched], "fillmode": "overlay", "size": 5,
                        "fgcolor": "#ffffff", "fgopacity": 0.55, "solidity": 0.35},
        },
    }  # fmt: skip


def _hover(bars: Bars, view: BarChartView) -> list[str]:
    several = len(view.series) > 1
    return [
        f"{figures.plain(text)}{', ' + figures.plain(bars.title) if several else ''}"
        f"{', still open' if is_open and not bars.compared else ''}<br><b>{formats.text(value, view.unit)}</b>"
        for text, value, is_open in zip(view.texts, bars.values, view.open, strict=True)
    ]


def _spoken(view: BarChartView) -> str:
    first = view.series[0].values if view.series else ()
    known = [(value, text) for value, text in zip(first, view.texts, strict=True) if value is not None]
    if not known:
        return f"{view.title}, bar chart"
    value, text = max(known)
    highest = f"the highest {text} with {formats.text(value, view.unit)}"
    return f"{view.title}, bar chart of {len(view.texts)} bars, {highest}"


BAR_CHART = Widget("bar_chart", BarChartOptions, select, render)
