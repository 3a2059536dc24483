"""`GET /analytics/status`: what `get_analytics_status()` tells, and the count of answers behind its error rate."""

from __future__ import annotations

from flask import Flask, Response

from api import bodies, health
from api.auth import current_scope
from services.container import Services


def register(server: Flask, services: Services) -> None:
    @server.after_request
    def count_answer(response: Response) -> Response:
        services.status.answers.note(response.status_code)
        return response

    @server.get("/analytics/status")
    def read_status() -> Response:
        report = services.status.report(current_scope())
        states = health.states(services)
        return bodies.answer({"status": health.worst(states), "services": states, **report}, Cache_Control="no-store")
