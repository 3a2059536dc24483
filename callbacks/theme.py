"""The colour scheme: chosen in the header, kept by the browser, never known to the server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dash import ClientsideFunction, Dash, Input, Output

from dashboard import ids

if TYPE_CHECKING:
    from services.container import Services


def register(app: Dash, services: Services) -> None:
    app.clientside_callback(
        ClientsideFunction("pulseboard", "colorScheme"),
        Output(ids.PROVIDER, "forceColorScheme"),
        Input(ids.THEME, "value"),
    )
