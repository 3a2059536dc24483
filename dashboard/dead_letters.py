"""The page of dead letters: accepted events that are in no figure, why, and what can be done about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from dashboard import ids
from dashboard.pages import live_config

PATH = "/dead-letters"
MOST_CHARACTERS = 100_000
"""Of an event that is shown whole; the rest is there over REST."""
COLUMNS = ("Failed", "Event", "Site", "Why", "Tries")


@dataclass(frozen=True, slots=True)
class Row:
    """One letter; both times in the zone of its site, `site` its name."""

    id: str
    type: str
    source: str
    event_id: str
    site: str
    reason: str
    attempts: int
    occurred_at: datetime
    died_at: datetime

    @property
    def title(self) -> str:
        return self.type.replace("_", " ").capitalize()

    @property
    def why(self) -> str:
        """The reason without the type before it, which stands beside it anyhow."""
        plain = self.reason.removeprefix(f"{self.type}: ")
        return plain[:1].upper() + plain[1:]


def page(live: Mapping[str, Any]) -> list[Component]:
    """The page without its letters: a callback brings them to whoever may read them."""
    head = html.Div(
        [
            html.H1("Dead letters", id="dead-letters-title", tabIndex=-1),
            html.P("Events that were accepted but could not be brought into the figures, however often they were "
                   "tried. Put right what stood in their way and replay them, or discard them for good."),
        ],
        className="pb-letters-head",
    )  # fmt: skip
    waiting = html.Div(html.Div([html.I() for _ in range(4)], className="pb-skeleton", **{"data-shape": "wide"}))
    return [
        live_config(live),
        dcc.Store(id=ids.LETTERS_SIGNAL),
        dcc.Store(id=ids.LETTERS_STATE),
        dcc.Store(id=ids.LETTER_ASKED),
        html.Div(id=ids.LETTERS_SHOWN, hidden=True),
        html.Div(id=ids.LETTER_SHOWN, hidden=True),
        html.Section(
            [head, html.Div(id=ids.LETTERS_SAID, role="status", **{"aria-live": "polite"}),
             html.Div(waiting, id=ids.LETTERS, className="pb-letters-list")],
            className="pb-letters", **{"aria-labelledby": "dead-letters-title"},
        ),
        html.Dialog(html.Div(id=ids.LETTER), id=ids.LETTER_DIALOG, className="pb-drawer",
                    **{"aria-label": "The whole event"}),
        _confirm(),
    ]  # fmt: skip


def listed(rows: Sequence[Row], total: int) -> list[Component]:
    """The letters, newest first, under how many there are."""
    several = [_act("Replay all", "replay_all"), _act("Discard all…", "discard_all", quiet=True)] if total > 1 else []
    bar = html.Div(
        [html.Strong(_how_many(total)), html.Div(several, className="pb-letters-acts")], className="pb-letters-bar"
    )
    names = [html.Th(name, scope="col", **{"data-column": name.lower()}) for name in COLUMNS]
    acts = html.Th(html.Span("What to do", className="pb-sr"), scope="col")
    table = html.Table(
        [html.Thead(html.Tr([*names, acts])), html.Tbody([_row(row) for row in rows])], className="pb-letters-table"
    )
    return [bar, table, *([_more(len(rows), total)] if len(rows) < total else [])]


def nothing(failing: int) -> list[Component]:
    """No letters: good news, unless some events are still being tried."""
    title, said, icon = "Nothing failed", "Every accepted event is in the figures.", "good"
    if failing:
        title, icon = "Nothing is dead yet", "again"
        said = f"{_events(failing)} failed and will be tried again: counted when that succeeds, listed here if never."
    return [
        html.Div(
            [html.I(className="pb-icon", **{"data-icon": icon, "aria-hidden": "true"}), html.H2(title), html.P(said)],
            className="pb-letters-none", **{"data-kind": icon},
        )
    ]  # fmt: skip


def said(text: str, *, good: bool = True) -> Component:
    """What became of the last thing that was wanted."""
    return html.P(text, className="pb-letters-said", **{"data-kind": "good" if good else "bad"})


def whole(row: Row, event: str) -> list[Component]:
    """One letter with its event as formatted JSON: text, whatever is in it."""
    cut = event[:MOST_CHARACTERS]
    rest = [html.P("The event is longer than what is shown here.")] if len(event) > len(cut) else []
    copy = dmc.CopyButton(children="Copy", copiedChildren="Copied", value=cut, variant="default", size="compact-xs",
                          className="pb-copy")  # fmt: skip
    return [
        html.Div(
            [html.Div([html.H2(row.title), html.P(row.event_id)]),
             html.Button("×", type="button", className="pb-close", **_does("close"), **{"aria-label": "Close"})],
            className="pb-drawer-head",
        ),
        html.Div(
            [
                html.P(row.why, className="pb-letter-why"),
                html.Dl(
                    [
                        *_fact("Failed", f"{_full(row.died_at)}, after {_tries(row.attempts)}"),
                        *_fact("Happened", _full(row.occurred_at)),
                        *_fact("Site", row.site),
                        *_fact("Source", row.source),
                    ]
                ),
                html.Div([html.Pre(html.Code(cut), tabIndex=0), copy], className="pb-code"),
                *rest,
            ],
            className="pb-drawer-body",
        ),
        html.Div(
            [_act("Replay", "replay", row.id), _act("Discard…", "discard", row.id, quiet=True, name=row.event_id)],
            className="pb-drawer-foot",
        ),
    ]  # fmt: skip


def gone(text: str) -> list[Component]:
    """In place of a letter that is no longer there."""
    close = html.Button("×", type="button", className="pb-close", **_does("close"), **{"aria-label": "Close"})
    return [html.Div([html.Div([html.H2("Gone"), html.P(text)]), close], className="pb-drawer-head")]


def _row(row: Row) -> Component:
    opens = html.Button(row.title, type="button", className="pb-letter-open", **_does("open", row.id))
    cells = (
        html.Time(_short(row.died_at), dateTime=row.died_at.isoformat(), title=_full(row.died_at)),
        html.Div([opens, html.Span(f"{row.source} · {row.event_id}", title=row.event_id)]),
        row.site,
        html.Span(row.why),
        _tries(row.attempts),
    )
    columns = [html.Td(cell, **{"data-column": name.lower()}) for name, cell in zip(COLUMNS, cells, strict=True)]
    acts = [
        _act("Replay", "replay", row.id, name=row.event_id),
        _act("Discard…", "discard", row.id, quiet=True, name=row.event_id),
    ]
    done = html.Td(html.Div(acts, className="pb-letters-acts"), **{"data-column": "acts"})
    return html.Tr([*columns, done], **{"data-letter": row.id})


def _act(text: str, act: str, letter_id: str = "", *, quiet: bool = False, name: str = "") -> Component:
    label = {"aria-label": f"{text.rstrip('…')} {name}"} if name else {}
    return html.Button(
        text, type="button", className="pb-act pb-act-quiet" if quiet else "pb-act",
        **_does(act, letter_id), **label, **({"data-name": name} if name else {}),
    )  # fmt: skip


def _does(act: str, letter_id: str = "") -> dict[str, str]:
    """What assets/letters.js reads from the button that was pressed."""
    return {"data-letter-act": act, **({"data-letter-id": letter_id} if letter_id else {})}


def _more(shown: int, total: int) -> Component:
    return html.Div([f"The newest {shown:,} of {total:,}", _act("Show more", "more", quiet=True)],
                    className="pb-letters-more")  # fmt: skip


def _confirm() -> Component:
    """Its empty places are filled by the script, which knows what was asked for."""
    keep = html.Button("Keep", type="button", className="pb-act pb-act-quiet", **_does("close"))
    discard = html.Button("Discard", type="button", className="pb-act pb-act-bad", **_does("confirmed"))
    return html.Dialog(
        [
            html.H2("Discard for good?"),
            html.P([html.Strong(**{"data-what": ""}), " will never be counted in any figure. The log of events keeps "
                    "what happened, but nothing brings it back here."]),
            html.Div([keep, discard], className="pb-letters-acts"),
        ],
        id=ids.LETTERS_CONFIRM, className="pb-confirm", **{"aria-label": "Discard for good?"},
    )  # fmt: skip


def _fact(name: str, text: str) -> tuple[Component, Component]:
    return html.Dt(name), html.Dd(text)


def _how_many(total: int) -> str:
    return f"{_events(total)} in no figure"


def _events(number: int) -> str:
    return f"{number:,} event" if number == 1 else f"{number:,} events"


def _tries(number: int) -> str:
    return f"{number} try" if number == 1 else f"{number} tries"


def _short(moment: datetime) -> str:
    return f"{moment.day} {moment:%b}, {moment:%H:%M}"


def _full(moment: datetime) -> str:
    return f"{moment.day} {moment:%b %Y, %H:%M:%S %Z}"
