"""Heatmap: a metric over two dimensions, such as weekday and hour of the day in the site's local time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, ClassVar

from dash import html
from dash.development.base_component import Component

from services.metrics.answer import Answer, Label, Unit, Value
from services.metrics.business_time import HOURS, WEEKDAYS
from widgets import figures, formats, labels, palette
from widgets.contract import Options, View, Widget

TONES = ((0, 0.06), (0.3, 0.38), (1, 1))
"""Opacity along the scale: steeper at its beginning, where differences are hardest to see."""


class HeatmapOptions(Options):
    """`color` is the full tone; lesser values fade towards the card."""

    groupings: ClassVar[tuple[int, ...]] = (2,)


@dataclass(frozen=True, slots=True)
class HeatmapView(View):
    x: tuple[Label, ...]
    y: tuple[Label, ...]
    z: tuple[tuple[Value, ...], ...]
    x_texts: tuple[str, ...]
    y_texts: tuple[str, ...]
    open: frozenset[tuple[Label, ...]]
    unit: Unit
    title: str

    @property
    def zero(self) -> bool:
        return not any(value for row in self.z for value in row)

    def data(self) -> dict[str, Any]:
        return {
            "x": list(self.x),
            "y": list(self.y),
            "z": [[formats.number(value, self.unit) for value in row] for row in self.z],
            "unit": self.unit.data(),
        }


def select(answers: Sequence[Answer], options: HeatmapOptions) -> HeatmapView:
    """Values as rows x columns: rows are the first group_by, both axes complete.

    Shape:  (7, 24) for weekday and hour_of_day: Monday first, hour 0 first; cells without facts are 0, or null for
            ratios.
    """
    (answer,) = answers
    nought: Value = None if answer.unit.kind in ("ratio", "per_order") else 0
    found = {group.labels: group.value for group in answer.groups}
    answer = replace(answer, axes=tuple(map(_complete, answer.group_by, answer.axes)))
    rows, columns = answer.axes
    return HeatmapView(
        x=columns,
        y=rows,
        z=tuple(tuple(found.get((y, x), nought) for x in columns) for y in rows),
        x_texts=tuple(labels.displays(answer, 1)),
        y_texts=tuple(labels.displays(answer, 0)),
        open=frozenset(group.labels for group in answer.groups if group.open),
        unit=answer.unit,
        title=answer.title,
    )


def _complete(name: str, axis: tuple[Label, ...]) -> tuple[Label, ...]:
    """All labels of a week or a day, whichever of them the period has touched; other axes as they are."""
    return {"weekday": WEEKDAYS, "hour_of_day": HOURS}.get(name, axis)


def render(view: HeatmapView, options: HeatmapOptions) -> Component:
    color = palette.resolve(options.color)
    values = [float(value) for row in view.z for value in row if value is not None]
    trace = {
        "type": "heatmap", "x": list(range(len(view.x))), "y": list(range(len(view.y))),
        "z": [[None if value is None else float(value) for value in row] for row in view.z],
        "zmin": 0, "zmax": max(values, default=0) or 1, "xgap": 3, "ygap": 3, "customdata": _hover(view),
        "hovertemplate": "%{customdata}<extra></extra>", "hoverongaps": False,
        "colorscale": [[at, palette.translucent(color, opacity)] for at, opacity in TONES], "showscale": False,
    }  # fmt: skip
    layout = figures.frame(
        margin={"l": 0, "r": 0, "t": 2, "b": 0, "pad": 4},
        xaxis=figures.position_axis(view.x_texts, 12, tickangle=0),
        yaxis=figures.position_axis(view.y_texts, 24, autorange="reversed"),
    )
    plot = figures.graph({"data": [trace], "layout": layout}, _spoken(view))
    return html.Div([_scale(view.unit, max(values, default=0), color), plot], className="pb-figure")


def _scale(unit: Unit, highest: float, color: str) -> Component:
    """What the palest and the fullest tone stand for."""
    tones = ", ".join(f"{palette.translucent(color, opacity)} {at:.0%}" for at, opacity in TONES)
    least, most = (formats.text(Decimal(str(value)), unit, "compact") for value in (0, highest))
    bar = html.I(style={"background": f"linear-gradient(90deg, {tones})"}, **{"aria-hidden": "true"})
    return html.Div([least, bar, most], className="pb-scale")


def _hover(view: HeatmapView) -> list[list[str]]:
    return [
        [f"{figures.plain(f'{y}, {x}')}<br><b>{formats.text(value, view.unit)}</b>"
         for x, value in zip(view.x_texts, row, strict=True)]
        for y, row in zip(view.y_texts, view.z, strict=True)
    ]  # fmt: skip


def _spoken(view: HeatmapView) -> str:
    known = [(value, y, x) for y, row in zip(view.y_texts, view.z, strict=True)
             for x, value in zip(view.x_texts, row, strict=True) if value is not None]  # fmt: skip
    if not known:
        return f"{view.title}, heatmap"
    value, y, x = max(known)
    return f"{view.title}, heatmap, the highest on {y} at {x} with {formats.text(value, view.unit)}"


HEATMAP = Widget("heatmap", HeatmapOptions, select, render)
