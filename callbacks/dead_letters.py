"""The page of dead letters: its list, one letter as a whole, and what a person wants done with them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from dash import ClientsideFunction, Dash, Input, Output, no_update
from dash.development.base_component import Component

from api.auth import current_scope
from dashboard import dead_letters as view
from dashboard import ids
from services.access.scope import Scope
from services.clock import to_datetime
from services.errors import NotFound, PulseboardError
from services.events.dead_letters import LetterPage, event_of
from services.storage.queue import Letter

if TYPE_CHECKING:
    from services.container import Services

AT_FIRST = 50
AT_MOST = 1_000
SOMEBODY_WAS_QUICKER = "Somebody was quicker: that event has been replayed or discarded already."


@dataclass(frozen=True, slots=True)
class Wish:
    """What the browser says a person wants; nothing of it is to be trusted but its types."""

    act: str = "look"
    id: str = ""
    until: int = 0
    limit: int = AT_FIRST
    n: int = 0

    @classmethod
    def of(cls, signal: Any) -> Wish:
        told = signal if isinstance(signal, Mapping) else {}
        numbers = {name: told[name] for name in ("until", "limit", "n") if type(told.get(name)) is int}
        texts = {name: told[name] for name in ("act", "id") if isinstance(told.get(name), str)}
        wish = cls(**texts, **numbers)
        return wish if 0 < wish.limit <= AT_MOST and 0 <= wish.until < 10**17 else cls(n=wish.n)


def register(app: Dash, services: Services) -> None:
    @app.callback(
        Output(ids.LETTERS, "children"),
        Output(ids.LETTERS_SAID, "children"),
        Output(ids.LETTERS_STATE, "data"),
        Input(ids.LETTERS_SIGNAL, "data"),
    )
    def show_letters(signal: Any) -> tuple[Any, Any, Any]:
        return answer(services, current_scope(), Wish.of(signal))

    @app.callback(Output(ids.LETTER, "children"), Input(ids.LETTER_ASKED, "data"), prevent_initial_call=True)
    def open_letter(asked: Any) -> list[Component]:
        return whole(services, current_scope(), Wish.of(asked).id)

    for shows, output, source in (
        ("lettersShown", ids.LETTERS_SHOWN, Input(ids.LETTERS_STATE, "data")),
        ("letterShown", ids.LETTER_SHOWN, Input(ids.LETTER, "children")),
    ):
        app.clientside_callback(
            ClientsideFunction("pulseboard", shows), Output(output, "children"), source, prevent_initial_call=True
        )


def answer(services: Services, scope: Scope, wish: Wish) -> tuple[Any, Any, Any]:
    """The list after what was wanted is done, what became of it, and what the list stands for."""
    try:
        said = _done(services, scope, wish)
        page = services.dead_letters.page(scope, wish.limit)
    except PulseboardError as error:
        return no_update, view.said(_sentence(error), good=False), {"n": wish.n}
    return _list(services, page), said, _state(page, wish)


def _done(services: Services, scope: Scope, wish: Wish) -> Component | None:
    try:
        text = act(services, scope, wish)
    except NotFound:
        return view.said(SOMEBODY_WAS_QUICKER, good=False)
    return None if text is None else view.said(text)


def act(services: Services, scope: Scope, wish: Wish) -> str | None:
    """Does what is wanted, and says so. Raises NotFound where somebody else was quicker."""
    letters = services.dead_letters
    if wish.act == "replay":
        return f"{letters.replay(wish.id, scope).event_id} waits in the queue again."
    if wish.act == "discard":
        return f"{letters.discard(wish.id, scope).event_id} is discarded."
    if wish.act == "replay_all":
        return f"{letters.replay_all(scope):,} events wait in the queue again."
    if wish.act == "discard_all":
        return f"{letters.discard_all(scope, wish.until):,} events are discarded."
    return None


def whole(services: Services, scope: Scope, letter_id: str) -> list[Component]:
    """One letter with its event, or word that it is gone."""
    try:
        letter = services.dead_letters.get(letter_id, scope)
    except NotFound:
        return view.gone(SOMEBODY_WAS_QUICKER)
    return view.whole(_row(letter, _zones(services)), json.dumps(event_of(letter), indent=2, ensure_ascii=False))


def _list(services: Services, page: LetterPage) -> list[Component]:
    if not page.total:
        return view.nothing(failing(services))
    zones = _zones(services)
    return view.listed([_row(letter, zones) for letter in page.letters], page.total)


def failing(services: Services) -> int:
    """How many events are neither counted nor dead yet, as the processor saw a moment ago."""
    return services.processor.backlog().failing


def _state(page: LetterPage, wish: Wish) -> dict[str, Any]:
    """What the browser compares with the newest, and says when it wants all discarded that it has seen."""
    newest = page.letters[0] if page.letters else None
    return {
        "n": wish.n,
        "total": page.total,
        "newest": None if newest is None else newest.id,
        "until": 0 if newest is None else newest.died_at,
        "limit": wish.limit,
    }


def _zones(services: Services) -> dict[str, tuple[str, ZoneInfo]]:
    """Name and zone of each site."""
    return {site.id: (site.name, ZoneInfo(site.tz)) for site in services.sites.all()}


def _row(letter: Letter, zones: Mapping[str, tuple[str, ZoneInfo]]) -> view.Row:
    name, zone = zones[letter.site]
    return view.Row(
        id=letter.id,
        type=letter.type,
        source=letter.source,
        event_id=letter.event_id,
        site=name,
        reason=letter.reason,
        attempts=letter.attempts,
        occurred_at=to_datetime(letter.occurred_at).astimezone(zone),
        died_at=to_datetime(letter.died_at).astimezone(zone),
    )


def _sentence(error: PulseboardError) -> str:
    return f"{error.detail[:1].upper()}{error.detail[1:]}."
