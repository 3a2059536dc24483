"""One signal, one callback: the widgets that it names are read again, in one call, and their bodies set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dash import Dash, Input, State, ctx, set_props

from api.auth import current_scope
from callbacks import page
from dashboard import ids, panel
from services.access.scope import Scope
from widgets import board

if TYPE_CHECKING:
    from services.container import Services


def register(app: Dash, services: Services) -> None:
    @app.callback(
        Input(ids.LIVE_SIGNAL, "data"),
        Input(ids.DASHBOARD, "data"),
        State(ids.LOCATION, "pathname"),
        prevent_initial_call=True,
    )
    def refresh(signal: Any, shown: Any, pathname: str | None) -> None:
        if not page.dashboard_id(shown):
            page.leave_empty_store(services, current_scope(), pathname)
            return
        named = None if ctx.triggered_id == ids.DASHBOARD else widgets_named(signal)
        for widget_id, props in bodies(services, current_scope(), page.dashboard_id(shown), named).items():
            set_props(ids.body(widget_id), props)


def widgets_named(signal: Any) -> frozenset[str] | None:
    """The widget ids of a signal; None, for all of them, when it names none that can be read."""
    named = signal.get("ids") if isinstance(signal, Mapping) else None
    return frozenset(map(str, named)) if isinstance(named, list) else None


def bodies(services: Services, scope: Scope, dashboard_id: str, named: frozenset[str] | None) -> dict[str, Any]:
    """What to set on the body of each named widget of the dashboard, as the store has it: never as a client says."""
    specs = services.dashboards.get(dashboard_id, scope).widgets
    wanted = [spec for spec in specs if named is None or spec["widget_id"] in named]
    readings = board.read(wanted, lambda queries: services.snapshots.read(queries, scope))
    return {widget_id: panel.filled(reading) for widget_id, reading in readings.items()}
