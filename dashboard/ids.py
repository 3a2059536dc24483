"""Every id on the screen that a callback, a script or a test names."""

from __future__ import annotations

PROVIDER = "theme-provider"
THEME = "theme-choice"
LOCATION = "location"
NAV = "nav"
PAGE = "page"

CONNECTION_STATE = "connection-state"
LIVE_CONFIG = "live-config"
LIVE_SIGNAL = "live-signal"
READINGS = "readings"
"""A store: what a refresh has read, {n, bodies}; assets/patch.js shows it."""
LIVE_DONE = "live-done"
"""The number of the last signal that was answered and shown."""

GRID = "grid"
DASHBOARD = "dashboard"
"""A store that says which dashboard the page shows: {id}. Setting it makes all its widgets be read."""
VERSION = "dashboard-version"
"""A store: the version of that dashboard that the layout on the page stands for."""
LAYOUT_CHANGE = "layout-change"
"""A store that the grid's script fills when a person has moved or resized something."""
NOTICE = "notice"
NEWS = "dashboard-news"
"""Word that the dashboard on the page was changed elsewhere; assets/grid.js shows it."""
EMPTY_STORE = "empty-store"


def cell(widget_id: str) -> str:
    """The grid's item; react-grid-layout calls it by the same name."""
    return f"cell-{widget_id}"


def widget_of(cell_id: str) -> str:
    """The widget that a grid's item shows."""
    return cell_id.removeprefix("cell-")


def body(widget_id: str) -> str:
    """What a refresh replaces; the card around it stays."""
    return f"body-{widget_id}"
