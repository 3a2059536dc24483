"""Dead letters: what could not be brought into the figures, and why; each can be replayed or discarded."""

from __future__ import annotations

from typing import Any

from flask import Flask, Response

from api import bodies
from api.auth import current_scope
from api.schemas import LetterArguments
from services.container import Services
from services.events.dead_letters import event_of
from services.storage.queue import Letter

PATH = "/analytics/events/dead-letters"


def register(server: Flask, services: Services) -> None:
    dead_letters = services.dead_letters

    @server.get(PATH)
    def list_dead_letters() -> Response:
        arguments = bodies.read_arguments(LetterArguments)
        page = dead_letters.page(current_scope(), arguments.limit, arguments.cursor)
        listed = [describe(letter) for letter in page.letters]
        return bodies.answer({"dead_letters": listed, "total": page.total, "next_cursor": page.next_cursor})

    @server.post(f"{PATH}/<letter_id>/replay")
    def replay_dead_letter(letter_id: str) -> Response:
        letter = dead_letters.replay(letter_id, current_scope())
        return bodies.answer({"id": letter.id, "status": "queued"}, 202)

    @server.post(f"{PATH}/<letter_id>/discard")
    def discard_dead_letter(letter_id: str) -> Response:
        dead_letters.discard(letter_id, current_scope())
        return Response(status=204)


def describe(letter: Letter) -> dict[str, Any]:
    """With the whole event in its canonical form: what would be counted."""
    return {
        "id": letter.id,
        "site": letter.site,
        "source": letter.source,
        "event_id": letter.event_id,
        "type": letter.type,
        "occurred_at": bodies.time_text(letter.occurred_at),
        "reason": letter.reason,
        "attempts": letter.attempts,
        "died_at": bodies.time_text(letter.died_at),
        "event": event_of(letter),
    }
