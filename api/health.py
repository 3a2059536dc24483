"""Whether the server is alive, and whether what it stands on is within reach; nothing of the inside is told."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Flask, Response

from api import bodies
from services.container import Services
from services.errors import StoreUnavailable

WORST_FIRST = ("unhealthy", "degraded", "healthy")


def register(server: Flask, services: Services) -> None:
    @server.get("/analytics/health/live")
    def health_live() -> Response:
        return bodies.answer({"status": "healthy", "services": {"server": "healthy"}}, Cache_Control="no-store")

    @server.get("/analytics/health")
    def health() -> Response:
        found = states(services)
        status = worst(found)
        code = 503 if status == "unhealthy" else 200
        return bodies.answer({"status": status, "services": found}, code, Cache_Control="no-store")


def states(services: Services) -> dict[str, str]:
    """How each thing is that Pulseboard stands on."""
    found = {"store": _store(services), "live": _live(services), "events": _events(services)}
    if services.redis is not None:
        found["redis"] = services.redis.state
    return found


def worst(found: Mapping[str, str]) -> str:
    return min(found.values(), key=WORST_FIRST.index)


def _events(services: Services) -> str:
    """What is posted is accepted without it; on PostgreSQL others have to bring it into the figures then."""
    return "healthy" if services.processing.running else "degraded"


def _store(services: Services) -> str:
    try:
        services.sites.all()
    except StoreUnavailable:
        return "unhealthy"
    return "healthy"


def _live(services: Services) -> str:
    """Figures are right without it, but nobody is told that they changed."""
    told = services.live.running and (services.relay is None or services.relay.running)
    return "healthy" if told else "degraded"
