"""`POST /analytics/events`: the way in for everything that happens."""

from __future__ import annotations

from collections import Counter
from typing import Literal

from flask import Flask, Response, request

from api import bodies
from api.auth import current_caller
from api.schemas import Body
from services.access.throttle import Throttle
from services.container import Services
from services.events.decoding import decode

SOURCE_OF_SESSIONS = "dashboard"


class EventArguments(Body):
    mode: Literal["live", "backfill"] = "live"


def register(server: Flask, services: Services) -> None:
    throttle = Throttle(services.settings.event_processing_rate_limit)

    @server.post("/analytics/events")
    def post_events() -> Response:
        arguments = bodies.read_arguments(EventArguments)
        caller = current_caller()
        items = decode(request.get_data(), request.content_type, request.headers.get("Content-Encoding"))
        throttle.take(caller.scope.actor, len(items))
        results = services.intake.accept(
            items,
            scope=caller.scope,
            source=caller.key.name if caller.key else SOURCE_OF_SESSIONS,
            backfill=arguments.mode == "backfill",
        )
        counts = Counter(result.status for result in results)
        body = {
            "accepted": counts["accepted"],
            "duplicates": counts["duplicate"],
            "rejected": counts["rejected"],
            "results": [result.data() for result in results],
        }
        return bodies.answer(body, _status(counts))


def _status(counts: Counter[str]) -> int:
    if not counts["rejected"]:
        return 202
    return 207 if counts["accepted"] or counts["duplicate"] else 422
