"""Wiring: each module has register(app, services); what it wires are plain functions that tests call without Dash."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dash import Dash

from callbacks import dead_letters, layout, live, page, theme

if TYPE_CHECKING:
    from services.container import Services


def register(app: Dash, services: Services) -> None:
    for module in (page, live, layout, dead_letters, theme):
        module.register(app, services)
