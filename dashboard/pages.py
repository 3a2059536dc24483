"""What stands below the header: a dashboard, an empty store's first steps, or word that nothing is here."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from dashboard import ids
from dashboard.grid import grid

FIRST_EVENT = """curl -X POST {address}analytics/events \\
  -H "Authorization: Bearer $PULSEBOARD_API_KEY" \\
  -H "Content-Type: application/json" \\
  -d '{{
    "id": "order-1", "type": "order_completed", "site": "{site}",
    "occurred_at": "'$(date -u +%Y-%m-%dT%H:%M:%SZ)'",
    "data": {{"order_id": "1", "total_amount": "42.50", "items_count": 3}}
  }}'"""
SAMPLE = "make import FILE=sample/pizzaplace/pizzaplace.csv.xz SITE=pizza TZ=America/New_York"
SIMULATOR = "make demo"


def dashboard(
    name: str, specs: Sequence[Mapping[str, Any]], live: Mapping[str, Any], *, editable: bool
) -> list[Component]:
    """The grid under a heading that is read aloud only; `live` is what the browser's script is to subscribe to."""
    return [html.H1(name, className="pb-sr"), live_config(live), grid(specs, editable=editable)]


def live_config(live: Mapping[str, Any]) -> Component:
    return html.Div(id=ids.LIVE_CONFIG, hidden=True, **{"data-config": json.dumps(live, sort_keys=True)})


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several views of the same dashboard."""

    href: str
    title: str
    current: bool


def viewing(sites: Sequence[Choice], asked: str, wrong: str | None, plain: str) -> Component:
    """Which site is seen, and what else the address asks for; `plain` is the dashboard as it was saved."""
    links = [
        dcc.Link(choice.title, href=choice.href, className="pb-chip" + (" pb-chip-current" if choice.current else ""))
        for choice in sites
    ]
    said = [
        html.Span(
            [asked, dcc.Link("×", href=plain, title="Back to the dashboard as it was saved")], className="pb-asked"
        )
    ]
    problem = [html.Span(f"The address asks for something else: {wrong}", className="pb-wrong", role="alert")]
    return html.Div(
        [html.Nav(links, className="pb-chips", **{"aria-label": "Sites"}), *(said if asked else []),
         *(problem if wrong else [])],
        className="pb-viewing",
    )  # fmt: skip


def empty_store(address: str, site: str, live: Mapping[str, Any]) -> list[Component]:
    """How to get the first figure: post it, load a sample, or start the simulator. It goes by itself when one is there.

    `address` is the server's as the browser sees it, with a slash at its end.
    """
    steps = [
        _step("Post the first event", FIRST_EVENT.format(address=address, site=site),
              "Any module can do it: one event is one JSON object. The API key was printed at the first start."),
        _step("Load a sample", SAMPLE,
              "A year of a pizza place: 21,350 orders from a CSV file, with a progress bar."),
        _step("Start the simulator", SIMULATOR,
              "Eight weeks of an invented restaurant, then live orders; the screen is marked as a demo."),
    ]  # fmt: skip
    return [
        live_config(live),
        html.Div(
            [
                html.I(className="pb-pulse", **{"aria-hidden": "true"}),
                html.H1("Waiting for the first event"),
                html.P("Nothing has been recorded yet. This page turns into your dashboard with the first event."),
                html.Ol(steps, className="pb-steps"),
            ],
            id=ids.EMPTY_STORE,
            className="pb-welcome",
        ),
    ]


def not_found() -> list[Component]:
    return [
        html.Div(
            [html.H1("There is no such dashboard"), html.P("It may have been deleted, or belong to somebody else."),
             dcc.Link("To your dashboards", href="/", className="pb-button")],
            className="pb-welcome",
        )
    ]  # fmt: skip


def changed_elsewhere() -> Component:
    """What somebody sees whose change came second."""
    return _toast("This dashboard was changed elsewhere. ", "Your move was not saved.")


def news() -> Component:
    """What somebody sees whose page stands for an older version, before they move anything."""
    return _toast("This dashboard was changed elsewhere. ", "The page shows it as it was.")


def _toast(what: str, so: str) -> Component:
    said = html.Div([html.Strong(what), so])
    return html.Div([said, html.A("Load the newest", href="", className="pb-button")], className="pb-toast")


def not_saved(detail: str) -> Component:
    return html.Div([html.Strong("The layout was not saved. "), detail], className="pb-toast")


def _step(title: str, command: str, note: str) -> Component:
    code = html.Div(
        [html.Pre(html.Code(command)), dmc.CopyButton(children="Copy", copiedChildren="Copied", value=command,
                                                      variant="default", size="compact-xs", className="pb-copy")],
        className="pb-code",
    )  # fmt: skip
    return html.Li([html.H2(title), html.P(note), code])
