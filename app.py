"""Pulseboard: `create_app` puts the parts together, `main` serves them."""

from __future__ import annotations

import sys
from pathlib import Path

from dash import Dash
from flask import Flask

import api
import callbacks
from dashboard import shell
from services.access.bootstrap import secret_key
from services.container import Services, build
from services.errors import SettingError
from settings import Settings
from widgets import board

ROOT = Path(__file__).resolve().parent
LARGEST_BODY = 8 * 1024 * 1024


def create_app(settings: Settings, services: Services | None = None) -> Dash:
    """The whole application, nothing running yet; `services` are built from the settings unless given."""
    services = services or build(settings)
    services.dashboards.check = board.check
    app = _dash(_flask(settings))
    api.register_all(app, services)
    callbacks.register(app, services)
    app.layout = callbacks.page.layout(services)
    return app


def _flask(settings: Settings) -> Flask:
    server = Flask("pulseboard", root_path=str(ROOT), static_folder=None, template_folder="api/templates")
    server.secret_key = secret_key(settings)
    server.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    server.config["MAX_FORM_MEMORY_SIZE"] = 64 * 1024
    server.json.sort_keys = False  # type: ignore[attr-defined]
    return server


def _dash(server: Flask) -> Dash:
    return Dash(
        "pulseboard",
        server=server,
        title="Pulseboard",
        update_title=None,
        index_string=shell.INDEX,
        meta_tags=shell.METAS,
        assets_folder=str(ROOT / "assets"),
        assets_ignore=r"login\.css",
        suppress_callback_exceptions=True,
        csrf_token_name="pulseboard_csrf",  # noqa: S106  # the names of a cookie and a header
        csrf_header_name="X-CSRF-Token",
    )


def main() -> int:
    """Serves until told to stop; 2 and one line that names the setting where one cannot be read."""
    from serve import run  # gunicorn is for serving alone: tests and commands do without it

    try:
        return run(create_app)
    except SettingError as error:
        print(error.detail, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
