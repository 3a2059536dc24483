"""`GET /analytics/catalogue`: the metrics, dimensions, ranges and widget types that can be asked for."""

from __future__ import annotations

from typing import Any, get_args

from flask import Flask, Response

from api import bodies
from services.container import Services
from services.metrics import catalogue as table
from services.metrics.query import Compare, NamedRange
from widgets import REGISTRY


def register(server: Flask, services: Services) -> None:
    @server.get("/analytics/catalogue")
    def catalogue() -> Response:
        return bodies.answer(describe())


def describe() -> dict[str, Any]:
    return {
        "metrics": [_metric(metric) for metric in table.METRICS],
        "dimensions": list(table.DIMENSIONS),
        "time_units": list(table.TIME_UNITS),
        "ranges": list(get_args(NamedRange)),
        "compare": list(get_args(Compare)),
        "widget_types": [widget.type for widget in REGISTRY],
    }


def _metric(metric: table.Metric) -> dict[str, Any]:
    return {
        "name": metric.name,
        "title": metric.title,
        "description": metric.description,
        "unit": metric.unit,
        "dimensions": list(metric.dimensions),
        "lower_is_better": metric.lower_is_better,
    }
