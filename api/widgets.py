"""`POST /analytics/widgets/data`: many widgets' figures in one call."""

from __future__ import annotations

from flask import Flask, Response

from api import bodies
from api.auth import current_scope
from api.schemas import WidgetsBody
from services.container import Services
from widgets import board


def register(server: Flask, services: Services) -> None:
    @server.post("/analytics/widgets/data")
    def read_widgets() -> Response:
        scope = current_scope()
        asked = [widget.model_dump() for widget in bodies.read(WidgetsBody).widgets]
        readings = board.read(asked, lambda queries: services.snapshots.read(queries, scope))
        return bodies.answer({"widgets": {widget_id: reading.data() for widget_id, reading in readings.items()}})
