"""What the browser's script is told to listen to: topics for each widget, and which turns of time move it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dashboard import ids
from services.access.scope import Scope
from services.errors import InvalidRequest, PulseboardError
from services.metrics.query import Query
from widgets import board

if TYPE_CHECKING:
    from services.container import Services

SOCKET = "/analytics/realtime/dashboard"
BY_MINUTE = ("minute", "last_60_minutes")
BY_HOUR = ("hour", "hour_of_day", "last_24_hours")


def of_dashboard(services: Services, scope: Scope, specs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The configuration of live.js for a dashboard; a widget whose config cannot be read listens to nothing."""
    asked = {spec["widget_id"]: _queries(spec) for spec in specs}
    return _config(services) | {
        "since": services.hub.position(),  # the figures are read after this, so what changes later is all one can miss
        "topics": {widget_id: _topics(services, scope, queries) for widget_id, queries in asked.items()},
        "turns": {widget_id: turns(queries) for widget_id, queries in asked.items()},
    }


def of_empty_store(services: Services) -> dict[str, Any]:
    """Anything at all ends the waiting."""
    return _config(services) | {"topics": {ids.EMPTY_STORE: ["*@*"]}, "turns": {ids.EMPTY_STORE: []}}


def of_no_figures(services: Services) -> dict[str, Any]:
    """For a page that shows none: the connection is kept, and said to be there."""
    return _config(services) | {"topics": {}, "turns": {}}


def turns(queries: Sequence[Query]) -> list[str]:
    """Which turns of the clock change what the queries answer, without any event."""
    found = set()
    for query in queries:
        words = {query.range, *query.group_by} if isinstance(query.range, str) else set(query.group_by)
        found.add("minute" if words & set(BY_MINUTE) else "hour" if words & set(BY_HOUR) else "day")
    order = ("minute", "hour", "day")
    finest = min((order.index(turn) for turn in found), default=2)
    return list(order[finest:])


def _config(services: Services) -> dict[str, Any]:
    return {
        "ws_url": SOCKET,
        "heartbeat_seconds": services.settings.websocket_heartbeat_seconds,
        "update_interval": services.settings.websocket_update_interval,
    }


def _topics(services: Services, scope: Scope, queries: Sequence[Query]) -> list[str]:
    try:
        return sorted(frozenset().union(*(services.snapshots.topics(query, scope) for query in queries)))
    except PulseboardError:
        return []  # the widget itself shows that it may not ask this, or that there is no such site


def _queries(spec: Mapping[str, Any]) -> list[Query]:
    try:
        return board.queries(spec)
    except InvalidRequest:
        return []  # the widget itself shows what is wrong with it
