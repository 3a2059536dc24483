"""`GET /analytics/status`: what `get_analytics_status()` tells, and the count of answers behind its error rate."""

from __future__ import annotations

from flask import Flask, Response

from api import bodies, health
from api.auth import current_scope
from services.container import Services
from services.status import Answers, Status


def register(server: Flask, services: Services) -> None:
    status = _status(services)

    @server.after_request
    def count_answer(response: Response) -> Response:
        status.answers.note(response.status_code)
        return response

    @server.get("/analytics/status")
    def read_status() -> Response:
        report = status.report(current_scope())
        states = health.states(services)
        return bodies.answer({"status": health.worst(states), "services": states, **report}, Cache_Control="no-store")


def _status(services: Services) -> Status:
    return Status(
        settings=services.settings,
        clock=services.clock,
        store=services.store,
        writer=services.writer,
        hub=services.hub,
        snapshots=services.snapshots,
        dead_letters=services.dead_letters,
        counts=services.intake.counts,
        redis=services.redis,
        throttle=services.throttle,
        jobs={"upkeep": services.upkeep, "processor": services.processing},
        answers=Answers(),
        started_at=services.clock(),
    )
