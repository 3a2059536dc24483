"""One signal, one callback: the widgets that it names are read again in one call, and shown where they differ."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dash import ClientsideFunction, Dash, Input, Output, State, ctx

from api.auth import current_scope
from callbacks import page, view
from dashboard import ids, panel
from services.access.scope import Scope
from widgets import board

if TYPE_CHECKING:
    from services.container import Services


def register(app: Dash, services: Services) -> None:
    @app.callback(
        Output(ids.READINGS, "data"),
        Input(ids.LIVE_SIGNAL, "data"),
        Input(ids.DASHBOARD, "data"),
        State(ids.LOCATION, "pathname"),
        State(ids.LOCATION, "search"),
        prevent_initial_call=True,
    )
    def refresh(signal: Any, shown: Any, pathname: str | None, search: str | None) -> dict[str, Any]:
        answered = {"n": signal_number(signal), "bodies": {}}
        if not page.dashboard_id(shown):
            page.leave_empty_store(services, current_scope(), pathname, search)
            return answered
        named = None if ctx.triggered_id == ids.DASHBOARD else widgets_named(signal)
        seen = view.of_or_plain(search)
        return answered | {"bodies": bodies(services, current_scope(), page.dashboard_id(shown), named, seen)}

    app.clientside_callback(
        ClientsideFunction("pulseboard", "showReadings"),
        Output(ids.LIVE_DONE, "children"),
        Input(ids.READINGS, "data"),
    )


def signal_number(signal: Any) -> int:
    """The number that the browser's script gave the signal; 0 before the first."""
    number = signal.get("n") if isinstance(signal, Mapping) else None
    return number if isinstance(number, int) else 0


def widgets_named(signal: Any) -> frozenset[str] | None:
    """The widget ids of a signal; None, for all of them, when it names none that can be read."""
    named = signal.get("ids") if isinstance(signal, Mapping) else None
    return frozenset(map(str, named)) if isinstance(named, list) else None


def bodies(
    services: Services, scope: Scope, dashboard_id: str, named: frozenset[str] | None, seen: view.View
) -> dict[str, Any]:
    """The props of the named widgets' bodies, by component id.

    Their configs are those of the saved dashboard, seen as the address asks: never as a client says.
    """
    specs = seen.applied(services.dashboards.get(dashboard_id, scope).widgets)
    wanted = [spec for spec in specs if named is None or spec["widget_id"] in named]
    readings = board.read(wanted, lambda queries: services.snapshots.read(queries, scope))
    return {ids.body(widget_id): panel.filled(ids.body(widget_id), reading) for widget_id, reading in readings.items()}
