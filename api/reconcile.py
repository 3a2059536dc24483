"""Reconciling: what a till counted on a business day against what Pulseboard did."""

from __future__ import annotations

from typing import Any

from flask import Flask, Response

from api import bodies
from api.auth import current_scope
from api.schemas import ReconcileBody
from services.container import Services
from services.metrics import reconcile
from services.metrics.reconcile import Reconciliation


def register(server: Flask, services: Services) -> None:
    @server.post("/analytics/reconcile")
    def reconcile_day() -> Response:
        body = bodies.read(ReconcileBody)
        reported = body.model_dump(include=set(reconcile.FIGURES), exclude_none=True)
        found = reconcile.reconcile(
            services.snapshots, services.sites, body.site, body.business_date, reported, current_scope()
        )
        return bodies.answer(_data(found))


def _data(found: Reconciliation) -> dict[str, Any]:
    figures = {
        name: {
            "reported": figure.reported,
            "counted": figure.counted,
            "difference": figure.difference,
            "unit": figure.unit.data(),
        }
        for name, figure in found.figures.items()
    }
    return {
        "site": found.site,
        "business_date": found.day.isoformat(),
        "match": not found.differences,
        "open": found.open,
        "figures": figures,
        "differences": found.differences,
        "as_of": bodies.time_text(found.as_of),
    }
