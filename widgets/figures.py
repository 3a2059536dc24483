"""The parts that figures drawn by plotly share: axes, ticks, the empty frame.

Figures are plain dicts: dcc.Graph takes them as they are, and building plotly's own objects costs more than the
query behind them. Text, grid and hover colours are left to assets/figures.css, so that a figure follows the theme
without being drawn again; ticks are written here, so that money reads on an axis as it does on a card.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from html import escape as html_escape
from typing import Any, NamedTuple

from dash import dcc, html
from dash.development.base_component import Component

from services.metrics.answer import Unit, Value
from widgets import formats, palette

Figure = dict[str, Any]

CONFIG = {"displayModeBar": False, "responsive": True, "doubleClick": False, "showTips": False}
FONT = {"family": "Inter, system-ui, sans-serif", "size": 12}
WANTED_TICKS = 4
CLEAR = "rgba(0,0,0,0)"
SPIKE = {"showspikes": True, "spikemode": "across", "spikethickness": 1, "spikedash": "solid", "spikesnap": "data"}


class Key(NamedTuple):
    """One entry of a legend; `quiet` is the compared period, drawn dotted."""

    title: str
    color: str
    quiet: bool = False


def graph(figure: Figure, label: str, keys: Sequence[Key] = ()) -> Component:
    """A figure that follows its card's size, under a legend where several things are drawn.

    `label` says to a screen reader what is drawn.
    """
    plot = dcc.Graph(figure=figure, config=CONFIG, responsive=True, className="pb-graph")
    drawn = html.Div(plot, className="pb-plot", role="img", **{"aria-label": label})
    above = [html.Ul([_key(key) for key in keys], className="pb-keys")] if len(keys) > 1 else []
    return html.Div([*above, drawn], className="pb-figure")


def _key(key: Key) -> Component:
    swatch = html.I(style={"color": key.color}, **{"aria-hidden": "true", "data-quiet": str(key.quiet).lower()})
    return html.Li([swatch, key.title])


def frame(**layout: Any) -> Figure:
    """The layout all figures start from."""
    return {
        "autosize": True, "font": FONT, "showlegend": False, "hovermode": "closest", "dragmode": False,
        "margin": {"l": 0, "r": 4, "t": 6, "b": 0, "pad": 4}, "paper_bgcolor": CLEAR, "plot_bgcolor": CLEAR,
        "hoverlabel": {"font": FONT, "align": "left"}, "uirevision": "kept",
        **layout,
    }  # fmt: skip


def time_line(
    values: Sequence[Value], color: str, *, width: float, is_open: bool = False, dash: str = "solid",
    fill: bool = False, show_points: bool = False,
) -> list[Figure]:  # fmt: skip
    """Closed buckets as one line; from the last of them to the open one a dashed segment with a hollow point."""
    ys = [None if value is None else float(value) for value in values]
    closed = len(ys) - 1 if is_open else len(ys)
    line = {"color": color, "width": width}
    quiet = {"type": "scatter", "hoverinfo": "skip", "connectgaps": False}
    main = {**quiet, "x": list(range(closed)), "y": ys[:closed], "line": {**line, "dash": dash}, "marker": {"size": 5},
            "mode": "lines+markers" if show_points or closed == 1 else "lines"}  # fmt: skip
    if fill:
        main |= {"fill": "tozeroy", "fillcolor": palette.translucent(color, 0.10)}
    if not is_open:
        return [main]
    first = max(closed - 1, 0)
    hollow = {"symbol": "circle-open", "color": color, "line": {"width": 2}, "size": [0] * (closed - first) + [9]}
    segment = {**quiet, "x": list(range(first, len(ys))), "y": ys[first:], "line": {**line, "dash": "4px,4px"},
               "mode": "lines+markers", "marker": {**hollow, "opacity": 1}, "cliponaxis": False}  # fmt: skip
    return [main, segment]


def hover_points(ys: Sequence[float | None], texts: Sequence[str]) -> Figure:
    """Unseen points that bear the tooltips of a whole figure, one for each position."""
    return {"type": "scatter", "mode": "markers", "x": list(range(len(ys))), "y": list(ys), "text": list(texts),
            "marker": {"opacity": 0}, "hovertemplate": "%{text}<extra></extra>"}  # fmt: skip


def value_axis(values: Sequence[Value], unit: Unit, **more: Any) -> dict[str, Any]:
    """An axis of figures from nought, with a few round ticks written in the unit."""
    ticks = nice_ticks([Decimal(value) for value in values if value is not None], whole=unit.kind == "count")
    low, high = ticks[0], ticks[-1]
    return {
        "range": [float(low), float(high + (high - low) * Decimal("0.04"))],
        "tickvals": [float(tick) for tick in ticks],
        "ticktext": [formats.text(tick, unit, "compact") for tick in ticks],
        "automargin": True, "fixedrange": True, "zeroline": low < 0, "showline": False, "ticks": "",
        **more,
    }  # fmt: skip


def position_axis(texts: Sequence[str], most: int, **more: Any) -> dict[str, Any]:
    """An axis of positions 0, 1, 2 … with at most `most` of their texts written, evenly."""
    step = -(-len(texts) // most) if texts else 1
    shown = range(0, len(texts), max(step, 1))
    return {
        "tickvals": list(shown), "ticktext": [plain(texts[at]) for at in shown], "automargin": True,
        "fixedrange": True, "showgrid": False, "zeroline": False, "ticks": "", **more,
    }  # fmt: skip


def plain(name: str) -> str:
    """A name from outside as plotly is to write it: as it stands, since plotly reads some HTML, links among it."""
    return html_escape(name, quote=False)


def nice_ticks(values: Sequence[Decimal], *, whole: bool = False) -> list[Decimal]:
    """Round ticks that enclose nought and all values: steps of 1, 2, 2.5 or 5 times a power of ten."""
    low, high = min([*values, Decimal(0)]), max([*values, Decimal(0)])
    step = _nice_step((high - low) / WANTED_TICKS, whole=whole)
    first = (low / step).to_integral_value("ROUND_FLOOR")
    last = max((high / step).to_integral_value("ROUND_CEILING"), first + 1)
    return [step * at for at in range(int(first), int(last) + 1)]


def _nice_step(least: Decimal, *, whole: bool) -> Decimal:
    if least <= 0:
        return Decimal(1)
    power = Decimal(1).scaleb(least.adjusted())
    step = next(power * factor for factor in map(Decimal, ("1", "2", "2.5", "5", "10")) if power * factor >= least)
    return max(step.to_integral_value("ROUND_CEILING"), Decimal(1)) if whole else step
