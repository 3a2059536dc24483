"""Pulseboard as it would be without its socket: the same server and page, refreshed by a dcc.Interval each second.

`python -m benchmarks.interval_page`: what (e) and (f) compare with. Everything else is as it is, cache included, so
what differs is how the page comes to know that it has something to read, and what it reads then: all its widgets.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial

from dash import Dash, Input, Output, dcc, html
from dash.development.base_component import Component

from app import create_app
from dashboard import ids
from serve import run
from services.container import Services
from settings import Settings

INTERVAL = "interval"
EVERY_MS = 1_000
READ_ALL = "function (n) { return {ids: null, n: n || 0}; }"


def with_interval(settings: Settings, services: Services) -> Dash:
    app = create_app(settings, services)
    app.config.assets_ignore = r"login\.css|live\.js"
    app.layout = partial(_with_interval, app.layout)
    app.clientside_callback(READ_ALL, Output(ids.LIVE_SIGNAL, "data"), Input(INTERVAL, "n_intervals"))
    return app


def _with_interval(frame: Callable[[], Component]) -> Component:
    return html.Div([frame(), dcc.Interval(id=INTERVAL, interval=EVERY_MS)])


if __name__ == "__main__":
    sys.exit(run(with_interval))
