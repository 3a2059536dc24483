"""HTTP and WebSocket for programs: one module for each resource, one gate, one mapping of errors."""

from __future__ import annotations

from dash import Dash

from api import (
    auth,
    cache,
    catalogue,
    compression,
    dashboards,
    dead_letters,
    errors,
    events,
    figures,
    headers,
    health,
    login,
    openapi,
    realtime,
    realtime_snapshot,
    reconcile,
    sites,
    status,
    widgets,
)
from services.container import Services

RESOURCES = (
    events, dead_letters, widgets, catalogue, realtime_snapshot, figures, reconcile, sites, dashboards, cache,
    realtime, health, status, login,
)  # fmt: skip


def register_all(app: Dash, services: Services) -> None:
    """Every route of ours on the app's server, behind the gate."""
    server = app.server
    errors.register(server)
    auth.register(server, app, services)
    compression.register(server)
    headers.register(server, app)
    for resource in RESOURCES:
        resource.register(server, services)
    openapi.register(server)
