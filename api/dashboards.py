"""Saved dashboards: read with an ETag, changed only by who has read the newest version."""

from __future__ import annotations

import re
from typing import Any

from flask import Flask, Response, request

from api import bodies
from api.auth import current_scope
from services.container import Services
from services.dashboards.saved import Dashboard, Version, without_what_is_hidden
from services.dashboards.schemas import DashboardBody
from services.errors import InvalidRequest, PreconditionRequired

BIGGEST_VERSION = 2**31 - 1


def register(server: Flask, services: Services) -> None:
    _register_reading(server, services)
    _register_changes(server, services)
    _register_versions(server, services)


def _register_reading(server: Flask, services: Services) -> None:
    dashboards = services.dashboards

    @server.get("/analytics/dashboard/layout/default")
    def default_layout() -> Response:
        scope = current_scope()
        return _answer(without_what_is_hidden(dashboards.ensure_defaults(scope)[0], scope))

    @server.get("/analytics/dashboards")
    def list_dashboards() -> Response:
        own = dashboards.ensure_defaults(current_scope())
        return bodies.answer({"dashboards": [one.data() for one in own]})

    @server.get("/analytics/dashboards/<dashboard_id>")
    def get_dashboard(dashboard_id: str) -> Response:
        response = _answer(dashboards.get(dashboard_id, current_scope()))
        response.make_conditional(request)
        return response


def _register_changes(server: Flask, services: Services) -> None:
    dashboards = services.dashboards

    @server.post("/analytics/dashboards")
    def create_dashboard() -> Response:
        scope, body = current_scope(), bodies.read(DashboardBody)
        made = dashboards.create(scope, body.name, _widgets(body))
        return _answer(made, 201, Location=f"/analytics/dashboards/{made.id}")

    @server.put("/analytics/dashboards/<dashboard_id>")
    def put_dashboard(dashboard_id: str) -> Response:
        scope, expected = current_scope(), _expected_version(required=True)
        body = bodies.read(DashboardBody)
        saved = dashboards.save(dashboard_id, scope, body.name, _widgets(body), expected)
        services.announcer.announce_dashboard(saved.id, saved.version, scope.actor)
        return _answer(saved)

    @server.delete("/analytics/dashboards/<dashboard_id>")
    def delete_dashboard(dashboard_id: str) -> Response:
        dashboards.delete(dashboard_id, current_scope(), _expected_version(required=False))
        return Response(status=204)


def _register_versions(server: Flask, services: Services) -> None:
    dashboards = services.dashboards
    path = "/analytics/dashboards/<dashboard_id>/versions"

    @server.get(path)
    def list_versions(dashboard_id: str) -> Response:
        kept = dashboards.versions(dashboard_id, current_scope())
        return bodies.answer({"versions": [_version(one) for one in kept]})

    @server.post(f"{path}/<int(max={BIGGEST_VERSION}):version>/restore")
    def restore_version(dashboard_id: str, version: int) -> Response:
        scope, expected = current_scope(), _expected_version(required=False)
        saved = dashboards.restore(dashboard_id, version, scope, expected)
        services.announcer.announce_dashboard(saved.id, saved.version, scope.actor)
        return _answer(saved)


def _expected_version(*, required: bool) -> int | None:
    """The version that If-Match names; None for `*`, or for none where none is required."""
    given = request.headers.get("If-Match")
    if given is None:
        if required:
            raise PreconditionRequired("send If-Match with the ETag of the version that was read")
        return None
    if given.strip() == "*":
        return None
    named = re.fullmatch(r'"([0-9]{1,9})"', given.strip())
    if named is None:
        raise InvalidRequest("If-Match must be one ETag as it was given, or *")
    return int(named.group(1))


def _widgets(body: DashboardBody) -> list[dict[str, Any]]:
    return [widget.model_dump(mode="json") for widget in body.widgets]


def _answer(dashboard: Dashboard, status: int = 200, **headers: str) -> Response:
    return bodies.answer(dashboard.data(), status, ETag=f'"{dashboard.version}"', **headers)


def _version(one: Version) -> dict[str, Any]:
    return {
        "version": one.version,
        "name": one.name,
        "saved_by": one.saved_by,
        "saved_at": bodies.time_text(one.saved_at),
        "widgets": one.widgets,
    }
