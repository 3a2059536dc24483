"""`POST /analytics/cache/invalidate`: forget what is cached, by topic or by widget, and say so to every screen."""

from __future__ import annotations

from flask import Flask, Response

from api import bodies
from api.auth import current_scope
from api.schemas import InvalidateBody
from services.access.scope import Scope
from services.container import Services
from services.errors import NotFound
from widgets import board

ALL = "*"


def register(server: Flask, services: Services) -> None:
    @server.post("/analytics/cache/invalidate")
    def invalidate_cache() -> Response:
        body, scope = bodies.read(InvalidateBody), current_scope()
        patterns = [body.pattern or ALL] if body.widget_id is None else _of_widget(services, scope, body.widget_id)
        topics = frozenset[str]().union(*(services.snapshots.invalidate(pattern, scope) for pattern in patterns))
        if topics:
            services.announcer.publish(topics, None, "cache")
        return bodies.answer({"invalidated": sorted(topics)})


def _of_widget(services: Services, scope: Scope, widget_id: str) -> list[str]:
    """The topics of every widget of that id on the caller's dashboards."""
    named = [
        widget
        for dashboard in services.dashboards.ensure_defaults(scope)
        for widget in dashboard.widgets
        if widget["widget_id"] == widget_id
    ]
    if not named:
        raise NotFound("none of your dashboards has such a widget")
    queries = [query for widget in named for query in board.queries(widget)]
    return sorted({topic for query in queries for topic in services.snapshots.topics(query, scope)})
