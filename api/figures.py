"""Shortcuts over the query that every widget uses: one metric now, a trend by the hour, the best of the staff."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Flask, Response

from api import bodies
from api.auth import current_scope
from api.schemas import CurrentArguments, PerformerArguments, TrendArguments
from services.access.scope import Scope
from services.container import Services
from services.errors import NotFound
from services.metrics import catalogue
from services.metrics.answer import Answer, change
from services.metrics.query import Query
from services.validation import validated


def register(server: Flask, services: Services) -> None:
    @server.get("/analytics/metrics/<metric>/current")
    def current_metric(metric: str) -> Response:
        if metric not in catalogue.BY_NAME:
            raise NotFound("there is no such metric")
        arguments = bodies.read_arguments(CurrentArguments)
        answer = ask(services, current_scope(), {"metric": metric, **arguments.model_dump(exclude_none=True)})
        return bodies.answer(
            {
                **_head(answer),
                "value": answer.total,
                "previous_value": answer.previous_total,
                "change_percentage": change(answer.total, answer.previous_total),
            }
        )

    @server.get("/analytics/trends/hourly")
    def hourly_trends() -> Response:
        arguments = bodies.read_arguments(TrendArguments)
        query = {"group_by": ["hour"], **arguments.model_dump(exclude_none=True)}
        answer = ask(services, current_scope(), query)
        return bodies.answer({**_head(answer), "points": points(answer)})

    @server.get("/analytics/performers/top")
    def top_performers() -> Response:
        arguments = bodies.read_arguments(PerformerArguments)
        query = {"group_by": ["staff"], "order": "-value", **arguments.model_dump(exclude_none=True)}
        answer = ask(services, current_scope(), query)
        return bodies.answer({**_head(answer), "performers": staff_rows(answer)})


def ask(services: Services, scope: Scope, query: dict[str, Any]) -> Answer:
    """One query's answer, or the error that it came to."""
    reading = services.snapshots.read([validated(Query, query)], scope)[0]
    if reading.error is not None:
        raise reading.error
    assert reading.answer is not None  # noqa: S101  # for the type checker: a reading has one of the two
    return reading.answer


def points(answer: Answer) -> list[dict[str, Any]]:
    return [{"x": group.labels[0], "y": group.value, "open": group.open} for group in answer.groups]


def staff_rows(answer: Answer) -> list[dict[str, Any]]:
    """Best first; orders without anybody's name on them are nobody's performance."""
    known = [group for group in answer.groups if group.labels[0] is not None]
    return [
        {"staff_id": group.labels[0], "staff_name": answer.names.get(group.labels[0] or ""), "value": group.value}
        for group in known
    ]


def product_rows(answer: Answer) -> list[dict[str, Any]]:
    named: Sequence[Any] = [g for g in answer.groups if g.labels[0] not in (None, catalogue.UNALLOCATED)]
    return [{"product": group.labels[0], "value": group.value} for group in named]


def _head(answer: Answer) -> dict[str, Any]:
    return {"metric": answer.metric, "unit": answer.unit.data(), "as_of": bodies.time_text(answer.as_of)}
