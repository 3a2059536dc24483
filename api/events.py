"""`POST /analytics/events`: the way in for everything that happens."""

from __future__ import annotations

from collections import Counter
from typing import Literal

from flask import Flask, Response, after_this_request, request

from api import bodies
from api.auth import current_caller
from api.schemas import Body
from services.access.throttle import Allowance
from services.container import Services
from services.events.decoding import decode

SOURCE_OF_SESSIONS = "dashboard"


class EventArguments(Body):
    mode: Literal["live", "backfill"] = "live"


def register(server: Flask, services: Services) -> None:
    throttle = services.throttle

    @server.post("/analytics/events")
    def post_events() -> Response:
        arguments = bodies.read_arguments(EventArguments)
        caller = current_caller()
        items = decode(request.get_data(), request.content_type, request.headers.get("Content-Encoding"))
        allowance = throttle.take(caller.scope.actor, len(items))
        _tell_limits(allowance)
        allowance.check()
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


def _tell_limits(allowance: Allowance) -> None:
    """Puts what the key may still post into the answer's headers, whatever the answer will be."""

    @after_this_request
    def tell(response: Response) -> Response:
        if allowance.limited:
            response.headers["RateLimit-Limit"] = str(allowance.burst)
            response.headers["RateLimit-Remaining"] = str(allowance.remaining)
            response.headers["RateLimit-Reset"] = str(allowance.full_after)
            response.headers["RateLimit-Policy"] = f"{allowance.burst};w={allowance.window}"
        return response


def _status(counts: Counter[str]) -> int:
    if not counts["rejected"]:
        return 202
    return 207 if counts["accepted"] or counts["duplicate"] else 422
