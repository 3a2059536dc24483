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

AVATAR = "avatar"
LETTERS_COUNT = "dead-letters-count"
"""How many dead letters there are, in the menu of those who may read them; assets/letters.js keeps it up to date."""
LETTERS_DOT = "dead-letters-dot"
LETTERS = "dead-letters"
LETTERS_SIGNAL = "dead-letters-signal"
"""A store that the page's script fills with what a person wants done: {n, act, id, until, limit}."""
LETTERS_STATE = "dead-letters-state"
"""A store: what the list on the page stands for, {n, total, newest, until, limit}."""
LETTERS_SHOWN = "dead-letters-shown"
LETTERS_SAID = "dead-letters-said"
LETTER_ASKED = "dead-letter-asked"
"""A store: the letter that is to be shown whole, {n, id}."""
LETTER = "dead-letter"
LETTER_SHOWN = "dead-letter-shown"
LETTER_DIALOG = "dead-letter-dialog"
LETTERS_CONFIRM = "dead-letters-confirm"


def cell(widget_id: str) -> str:
    """The grid's item; react-grid-layout calls it by the same name."""
    return f"cell-{widget_id}"


def widget_of(cell_id: str) -> str:
    """The widget that a grid's item shows."""
    return cell_id.removeprefix("cell-")


def body(widget_id: str) -> str:
    """What a refresh replaces; the card around it stays."""
    return f"body-{widget_id}"
