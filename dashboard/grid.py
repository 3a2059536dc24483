"""The grid of cards: the one module that knows dash-snap-grid.

What is stored is the wide layout of 12 columns (contract: x y w h); narrower ones are made from it here, and never
stored. The library calls an item by its child's id, so both are ids.cell(widget_id).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dash.development.base_component import Component
from dash_snap_grid import ResponsiveGrid

from dashboard import ids, panel

Spec = Mapping[str, Any]
Item = dict[str, Any]

WIDE, MEDIUM, NARROW = "lg", "md", "xs"
BREAKPOINTS = {WIDE: 1000, MEDIUM: 620, NARROW: 0}
COLUMNS = {WIDE: 12, MEDIUM: 6, NARROW: 1}
ROW_HEIGHT = 28
GAP = 16
SMALLEST = {
    "metric_card": (2, 3), "gauge": (2, 5), "progress_bar": (2, 4), "sparkline": (2, 4), "kpi_card": (2, 4),
    "pie_chart": (3, 5), "table": (3, 5), "line_chart": (3, 5), "bar_chart": (3, 5), "heatmap": (4, 6),
}  # fmt: skip
TALLEST = 24


def grid(specs: Sequence[Spec], *, editable: bool = True) -> Component:
    """Empty cards at their places; dragged by their heads, resized at their corner."""
    return ResponsiveGrid(
        [panel.card(spec) for spec in specs],
        id=ids.GRID,
        layouts={
            WIDE: [_wide(spec) for spec in specs],
            MEDIUM: medium(specs),
            NARROW: narrow(specs),
        },
        breakpoints=BREAKPOINTS,
        cols=COLUMNS,
        rowHeight=ROW_HEIGHT,
        margin=[GAP, GAP],
        containerPadding=[0, 0],
        compactType="vertical",
        draggableHandle=".pb-card-head",
        isDraggable=editable,
        isResizable=editable,
    )


def positions(items: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, int]]:
    """The places, by widget id, of the wide layout that a browser sent."""
    return {ids.widget_of(str(item["i"])): {key: int(item[key]) for key in "xywh"} for item in items}


def medium(specs: Sequence[Spec]) -> list[Item]:
    """Six columns: neighbours of at most a third of the width share a line, the rest take it all."""
    lines: list[list[Spec]] = []
    for spec in in_reading_order(specs):
        small = _is_small(spec)
        if small and lines and len(lines[-1]) == 1 and _is_small(lines[-1][0]):
            lines[-1].append(spec)
        else:
            lines.append([spec])
    items, y = [], 0
    for line in lines:
        height = max(spec["position"]["h"] for spec in line)
        width = 6 // len(line)
        items += [_item(spec, at * width, y, width, height) for at, spec in enumerate(line)]
        y += height
    return items


def _is_small(spec: Spec) -> bool:
    return int(spec["position"]["w"]) <= 4


def narrow(specs: Sequence[Spec]) -> list[Item]:
    """One column, in the order in which the wide layout is read."""
    items, y = [], 0
    for spec in in_reading_order(specs):
        items.append(_item(spec, 0, y, 1, spec["position"]["h"]))
        y += spec["position"]["h"]
    return items


def in_reading_order(specs: Sequence[Spec]) -> list[Spec]:
    return sorted(specs, key=lambda spec: (spec["position"]["y"], spec["position"]["x"]))


def _wide(spec: Spec) -> Item:
    width, height = SMALLEST.get(spec["widget_type"], (2, 3))
    place = spec["position"]
    item = _item(spec, place["x"], place["y"], place["w"], place["h"])
    return {**item, "minW": min(width, place["w"]), "minH": min(height, place["h"])}


def _item(spec: Spec, x: int, y: int, w: int, h: int) -> Item:
    return {"i": ids.cell(spec["widget_id"]), "x": x, "y": y, "w": w, "h": h, "maxH": TALLEST}
