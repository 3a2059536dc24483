"""The frame of every page: header with mark, dashboards, connection, theme and user; the page's place below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from dashboard import dead_letters, ids, pages, theme

INDEX = """<!DOCTYPE html>
<html lang="en">
  <head>
    {%metas%}
    <title>{%title%}</title>
    <link rel="icon" href="/assets/mark.svg" type="image/svg+xml">
    <script src="/assets/theme.js"></script>
    {%css%}
  </head>
  <body>
    {%app_entry%}
    <footer>{%config%}{%scripts%}{%renderer%}</footer>
  </body>
</html>"""
"""theme.js stands in the head, so that the page is never painted in the other scheme first."""

METAS = [
    {"name": "viewport", "content": "width=device-width, initial-scale=1"},
    {"name": "color-scheme", "content": "light dark"},
]


@dataclass(frozen=True, slots=True)
class Person:
    """Who is looking; `csrf_token` goes into the form that signs them out."""

    name: str
    csrf_token: str
    reads_letters: bool = False


@dataclass(frozen=True, slots=True)
class Link:
    href: str
    title: str


def shell(person: Person, *, demo: bool) -> Component:
    """The page's frame; what it shows comes by callbacks, for the address it was opened at."""
    return dmc.MantineProvider(
        [
            dcc.Location(id=ids.LOCATION, refresh="callback-nav"),
            dcc.Store(id=ids.LIVE_SIGNAL),
            dcc.Store(id=ids.READINGS),
            html.Div(id=ids.LIVE_DONE, hidden=True),
            dcc.Store(id=ids.LAYOUT_CHANGE),
            dcc.Store(id=ids.DASHBOARD),
            dcc.Store(id=ids.VERSION),
            html.A("Skip to the dashboard", href=f"#{ids.PAGE}", className="pb-skip"),
            _header(person, demo=demo),
            html.Div(
                [html.Div(id=ids.NOTICE), html.Div(pages.news(), id=ids.NEWS, hidden=True)],
                className="pb-notice", role="status", **{"aria-live": "polite"},
            ),
            html.Main(id=ids.PAGE, className="pb-page", tabIndex=-1),
        ],
        id=ids.PROVIDER,
        theme=theme.THEME,
        defaultColorScheme="auto",
    )  # fmt: skip


def nav(links: Sequence[Link], current: str) -> list[Component]:
    """The user's dashboards as tabs; the one on screen is told to assistive technology too."""
    return [
        dcc.Link(
            link.title, href=link.href, className="pb-tab" + (" pb-tab-current" if link.href == current else ""),
            title=f"{link.title} (on screen)" if link.href == current else link.title,
        )
        for link in links
    ]  # fmt: skip


def _header(person: Person, *, demo: bool) -> Component:
    left = [
        dcc.Link(
            [html.I(className="pb-logo", **{"aria-hidden": "true"}), html.Span("Pulseboard", className="pb-name")],
            href="/", className="pb-brand", title="Pulseboard",
        ),
        html.Nav(id=ids.NAV, className="pb-tabs", **{"aria-label": "Dashboards"}),
    ]  # fmt: skip
    right = [
        html.Span("Demo", className="pb-demo", title="The figures come from a simulated restaurant") if demo else None,
        _connection(),
        _theme_switch(),
        _user_menu(person),
    ]
    sides = [html.Div(left, className="pb-header-side"), html.Div(right, className="pb-header-side")]
    return html.Header(html.Div(sides, className="pb-header-in"), className="pb-header")


def _connection() -> Component:
    """Its text and html[data-connection] are set by live.js; the dot takes its colour from the latter."""
    return html.Div(
        [html.I(className="pb-beat", **{"aria-hidden": "true"}), html.Span("connecting", id=ids.CONNECTION_STATE)],
        className="pb-connection", role="status", title="Whether figures arrive as they change",
    )  # fmt: skip


def _theme_switch() -> Component:
    items = [
        {"value": value, "label": [html.I(className="pb-icon", title=title, **{"data-icon": value}),
                                   html.Span(title, className="pb-sr")]}
        for value, title in theme.CHOICES
    ]  # fmt: skip
    return dmc.SegmentedControl(
        id=ids.THEME, data=items, value="auto", persistence=True, size="xs", className="pb-theme",
        **{"aria-label": "Colour scheme"},
    )  # fmt: skip


def _user_menu(person: Person) -> Component:
    initial = (person.name[:1] or "?").upper()
    sign_out = html.Form(
        [
            dcc.Input(type="hidden", name="csrf_token", value=person.csrf_token),
            html.Button([html.I(className="pb-icon", **{"data-icon": "leave", "aria-hidden": "true"}), "Sign out"],
                        type="submit", className="pb-menu-button"),
        ],
        action="/logout", method="POST",
    )  # fmt: skip
    dot = [html.Span(id=ids.LETTERS_DOT, className="pb-dot", hidden=True)] if person.reads_letters else []
    target = html.Button([initial, *dot], id=ids.AVATAR, className="pb-avatar", type="button", title=person.name,
                         **{"aria-label": f"Signed in as {person.name}"})  # fmt: skip
    signed_in = dmc.MenuLabel(["Signed in as ", html.Strong(person.name)])
    letters = [_to_letters()] if person.reads_letters else []
    return dmc.Menu(
        [dmc.MenuTarget(target), dmc.MenuDropdown([signed_in, *letters, sign_out])],
        position="bottom-end", shadow="md", width=200, closeOnItemClick=False, keepMounted=True,
    )  # fmt: skip


def _to_letters() -> Component:
    """Its count and the avatar's dot are filled by assets/letters.js."""
    icon = html.I(className="pb-icon", **{"data-icon": "letter", "aria-hidden": "true"})
    count = html.Span(id=ids.LETTERS_COUNT, className="pb-count", hidden=True)
    return dmc.MenuItem(
        html.Span([icon, "Dead letters", count], className="pb-to-letters"),
        href=dead_letters.PATH, refresh=False, closeMenuOnClick=True, className="pb-menu-button",
    )  # fmt: skip
