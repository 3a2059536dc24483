"""Sites: which there are, and what each one's day, zone and currency is."""

from __future__ import annotations

from typing import Any

from flask import Flask, Response
from pydantic import TypeAdapter, ValidationError

from api import bodies
from api.auth import current_scope
from api.schemas import SiteBody, SiteId
from services.container import Services
from services.errors import Forbidden, InvalidRequest, NotFound
from services.metrics.sites import Site

DEFAULTS = {"tz": "UTC", "currency": "USD", "day_starts_at": "00:00"}

_ids: TypeAdapter[str] = TypeAdapter(SiteId)


def register(server: Flask, services: Services) -> None:
    @server.get("/analytics/sites")
    def list_sites() -> Response:
        scope = current_scope()
        return bodies.answer({"sites": [_data(site) for site in services.sites.all() if scope.sees(site.id)]})

    @server.put("/analytics/sites/<site_id>")
    def put_site(site_id: str) -> Response:
        if not current_scope().sees(site_id):
            raise Forbidden("this site is out of reach")
        _refuse_bad_id(site_id)
        body = bodies.read(SiteBody)
        try:
            present, status = _settings(services.sites.get(site_id)), 200
        except NotFound:
            present, status = {"name": site_id, **DEFAULTS}, 201
        saved = services.sites.save(site_id, **(present | body.model_dump(exclude_none=True)))
        return bodies.answer(_data(saved), status)


def _refuse_bad_id(site_id: str) -> None:
    try:
        _ids.validate_python(site_id)
    except ValidationError as error:
        raise InvalidRequest("a site's id has letters, digits, '.', '_' and '-', at most 64", pointer="") from error


def _settings(site: Site) -> dict[str, str]:
    return {"name": site.name, "tz": site.tz, "currency": site.currency, "day_starts_at": site.day_starts_at}


def _data(site: Site) -> dict[str, Any]:
    return {"id": site.id, **_settings(site), "rebuilding": site.rebuilding}
