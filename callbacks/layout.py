"""Dragging and resizing, kept for the user: one new version of the dashboard for each change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dash import ClientsideFunction, Dash, Input, Output, State, no_update

from api.auth import current_scope
from callbacks import page
from dashboard import grid, ids, pages
from services.access.scope import Scope
from services.errors import InvalidRequest, NotFound, PreconditionFailed

if TYPE_CHECKING:
    from services.container import Services

Items = Sequence[Mapping[str, Any]]


def register(app: Dash, services: Services) -> None:
    app.clientside_callback(
        ClientsideFunction("pulseboard", "layoutChanged"),
        Output(ids.LAYOUT_CHANGE, "data"),
        Input(ids.GRID, "layouts"),
        State(ids.GRID, "breakpoint"),
        prevent_initial_call=True,
    )
    app.clientside_callback(
        ClientsideFunction("pulseboard", "nothingNew"),
        Output(ids.NEWS, "hidden"),
        Input(ids.DASHBOARD, "data"),
        Input(ids.VERSION, "data"),
        prevent_initial_call=True,
    )

    @app.callback(
        Output(ids.VERSION, "data", allow_duplicate=True),
        Output(ids.NOTICE, "children"),
        Input(ids.LAYOUT_CHANGE, "data"),
        State(ids.DASHBOARD, "data"),
        State(ids.VERSION, "data"),
        prevent_initial_call=True,
    )
    def save_layout(change: Any, shown: Any, version: Any) -> tuple[Any, Any]:
        try:
            saved = move(services, current_scope(), page.dashboard_id(shown), version, change)
        except PreconditionFailed:
            return no_update, pages.changed_elsewhere()
        except (NotFound, InvalidRequest) as error:
            return no_update, pages.not_saved(error.detail)
        return (no_update if saved is None else saved), None


def move(services: Services, scope: Scope, dashboard_id: str, version: Any, change: Any) -> int | None:
    """Saves where the cards stand now; the new version, or None when nothing has moved.

    Errors: NotFound, InvalidRequest for places that are none, PreconditionFailed when another save came first.
    """
    if not isinstance(version, int) or isinstance(version, bool) or not 0 < version < 2**31:
        raise InvalidRequest("the dashboard's version is missing", pointer="/version")
    places = _places(change)
    present = services.dashboards.get(dashboard_id, scope)
    moved = [{**spec, "position": places.get(spec["widget_id"], spec["position"])} for spec in present.widgets]
    if moved == present.widgets:
        return None
    saved = services.dashboards.save(dashboard_id, scope, present.name, moved, version)
    services.announcer.announce_dashboard(saved.id, saved.version, scope.actor)
    return saved.version


def _places(change: Any) -> dict[str, dict[str, int]]:
    """The wide layout that the browser sent, as positions by widget id."""
    items = change.get("items") if isinstance(change, Mapping) else None
    try:
        return grid.positions(items if isinstance(items, list) else [])
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidRequest("a place needs i, x, y, w and h", pointer="/items") from error
