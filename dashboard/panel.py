"""A widget's card: the skeleton that a layout holds, and what a reading fills it with."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from dash import html
from dash.development.base_component import Component

from dashboard import ids
from services.clock import to_datetime
from services.metrics.catalogue import BY_NAME
from widgets import BY_TYPE
from widgets.board import WidgetReading

MOVE_HELP = "Arrow keys move this card, with Shift they resize it"


def card(spec: Mapping[str, Any]) -> Component:
    """An empty card under its title; nothing in it is data."""
    widget_id = spec["widget_id"]
    heading = f"title-{widget_id}"
    head = html.Div(
        [
            html.H2(title_of(spec), id=heading, className="pb-title", title=title_of(spec)),
            html.Button(
                className="pb-grip", type="button", title=MOVE_HELP,
                **{"aria-label": f"Move or resize. {MOVE_HELP}", "data-cell": ids.cell(widget_id)},
            ),
        ],
        className="pb-card-head",
    )  # fmt: skip
    empty = html.Div(
        skeleton(spec["widget_type"]), id=ids.body(widget_id), className="pb-body",
        **{"data-state": "loading", "data-type": spec["widget_type"], "aria-busy": "true"},
    )  # fmt: skip
    return html.Section(
        [head, empty], id=ids.cell(widget_id), className="pb-card",
        **{"aria-labelledby": heading, "data-widget": widget_id},
    )  # fmt: skip


def title_of(spec: Mapping[str, Any]) -> str:
    """The widget's own title, else its config's, else its metric's."""
    config = spec.get("config", {})
    named = spec.get("title") or config.get("title")
    metric = BY_NAME.get(config.get("query", {}).get("metric", ""))
    return named or (metric.title if metric else spec["widget_type"].replace("_", " ").capitalize())


def skeleton(widget_type: str) -> Component:
    """Quiet bars in the shape of what is coming."""
    wide = widget_type in ("line_chart", "bar_chart", "heatmap", "table")
    bars = 7 if wide else 2
    return html.Div(
        [html.I() for _ in range(bars)], className="pb-skeleton", **{"data-shape": "wide" if wide else "card"}
    )


def filled(body_id: str, reading: WidgetReading) -> dict[str, Any]:
    """The props of a card's body for a reading: its state for the style sheet, its content, and as of when."""
    return {
        "data-state": state(reading),
        "data-cache": reading.cache_status if reading.view is not None else "none",
        "aria-busy": "false",
        "children": [with_ids(content(reading), f"{body_id}-0"), with_ids(as_of(reading), f"{body_id}-1")],
    }


def with_ids(node: Any, node_id: str) -> Any:
    """The component with an id by its place for itself and all below, so that the browser can change each alone."""
    if isinstance(node, Component):
        node.id = node_id
        below = getattr(node, "children", None)
        for place, child in enumerate(below if isinstance(below, list) else [below]):
            with_ids(child, f"{node_id}-{place}")
    return node


def state(reading: WidgetReading) -> str:
    """`ok`, `zero`, `no_data` or `error`; whether it is stale is told apart, since any of them may be."""
    if reading.status == "ok" and reading.view is not None and reading.view.zero:
        return "zero"
    return reading.status


def content(reading: WidgetReading) -> Component:
    """What the widget draws, or the honest panel that stands in its place."""
    if reading.status == "ok" and reading.view is not None and reading.options is not None:
        drawn = BY_TYPE[reading.widget_type].render(reading.view, reading.options)
        return html.Div(drawn, className="pb-content")
    detail = "" if reading.error is None else reading.error.detail
    if reading.status == "no_data":
        return _message("no_data", "No data", detail)
    return _message("error", "This could not be read", detail)


def as_of(reading: WidgetReading) -> Component:
    """The moment the figures stand for, in the site's zone, with a mark where they are stale.

    Where no figures could be read it is the moment of the try, and in UTC if even the site is not known.
    """
    if reading.timestamp is None:
        return html.Div(className="pb-asof")
    zone = ZoneInfo(reading.zone or "UTC")
    moment = to_datetime(reading.timestamp).astimezone(zone)
    text = f"as of {moment:%H:%M:%S}" if reading.status != "error" else f"tried {moment:%H:%M:%S}"
    stale = reading.cache_status == "stale" and reading.view is not None
    mark = html.Span("stale", className="pb-mark") if stale else None
    time = html.Time(
        text if reading.zone else f"{text} UTC", dateTime=moment.isoformat(), title=_said(moment, zone, reading)
    )
    return html.Div([mark, time], className="pb-asof")


def _said(moment: datetime, zone: ZoneInfo, reading: WidgetReading) -> str:
    how = {"fresh": "just read", "cached": "read from the cache", "stale": "the store cannot be read now"}
    return f"{moment:%Y-%m-%d %H:%M:%S} {zone.key}, {how[reading.cache_status]}"


def _message(kind: str, title: str, detail: str) -> Component:
    return html.Div(
        [html.I(className="pb-icon", **{"data-icon": kind, "aria-hidden": "true"}), html.Strong(title), html.P(detail)],
        className="pb-message", role="status" if kind == "no_data" else "alert", **{"data-kind": kind},
    )  # fmt: skip
