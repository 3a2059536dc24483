"""Serving with gunicorn: one worker whose threads start after the fork, and a stop that leaves nobody hanging."""

from __future__ import annotations

import gc
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

from dash import Dash
from gunicorn.app.base import BaseApplication

from services import container
from services.container import Services, build
from services.errors import SettingError
from settings import Settings

CreateApp = Callable[[Settings, Services], Dash]

# Threads beside those that open sockets hold: what HTTP has left when every socket is taken.
HTTP_THREADS = 24
GRACE_SECONDS = 10
SERVICE_RESTART = 1012
SWITCH_SECONDS = 0.0005
"""How long a thread may keep others waiting: the writer gives way at each statement, and wants to go on after it."""


class Server(BaseApplication):  # type: ignore[misc]
    """The application is made in the worker: no engine, thread or socket crosses the fork."""

    def __init__(self, settings: Settings, create_app: CreateApp) -> None:
        self._settings = settings
        self._create_app = create_app
        self._services: Services | None = None
        super().__init__()

    def load_config(self) -> None:
        settings = self._settings
        threads = settings.websocket_max_connections + HTTP_THREADS
        options = {
            "bind": f"{settings.host}:{settings.port}",
            "workers": settings.workers,
            "worker_class": "gthread",
            "threads": threads,
            "worker_connections": 2 * threads + 1_000,
            "graceful_timeout": GRACE_SECONDS,
            "keepalive": 15,
            "limit_request_line": 8_190,
            "forwarded_allow_ips": ",".join(settings.forwarded_allow_ips),
            "proc_name": "pulseboard",
            "control_socket_disable": True,
            "post_worker_init": self._begin,
            "worker_exit": self._end,
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        self._services = build(self._settings)
        return self._create_app(self._settings, self._services).server

    def _begin(self, worker: Any) -> None:
        assert self._services is not None  # noqa: S101  # for the type checker: load came first
        self._services.start()
        _collect_less_often()
        sys.setswitchinterval(SWITCH_SECONDS)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
            _before(number, self._let_sockets_go)

    def _let_sockets_go(self) -> None:
        """Told to stop: each open socket holds a thread that the worker would wait for in vain."""
        if self._services is not None:
            self._services.hub.close_all(SERVICE_RESTART)

    def _end(self, server: Any, worker: Any) -> None:
        if self._services is not None:
            self._services.stop()
            self._services = None


def run(create_app: CreateApp) -> int:
    """Reads the settings, prepares the store, shows new secrets once, and serves.

    Errors: SettingError for what the operator has to put right.
    """
    settings = Settings.from_environment(os.environ)
    refuse_taken_port(settings.host, settings.port)
    prepare(settings)
    Server(settings, create_app).run()
    return 0


def refuse_taken_port(host: str, port: int) -> None:
    """Errors: SettingError where another program listens there, or no program of ours may."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except socket.gaierror as error:
        raise SettingError("HOST", f"is not an address of this machine: {host}") from error
    except OSError as error:
        raise SettingError("PORT", f"cannot listen on {host}:{port}: {os.strerror(error.errno or 0)}") from error


def prepare(settings: Settings) -> None:
    """Brings the store up to date, fills it where it is new, and shows what was made for it."""
    shown = container.prepare(settings)
    if shown:
        print("Made for this new store and shown this once:", *shown, sep="\n  ", flush=True)
    print(f"Pulseboard serves http://{settings.host}:{settings.port}", flush=True)


def _collect_less_often() -> None:
    """Posts make many objects and no cycles: looking for cycles after every 700 took a sixth of the time."""
    gc.freeze()
    gc.set_threshold(50_000, 50, 100)


def _before(number: int, act: Callable[[], None]) -> None:
    """Runs `act` in a thread of its own, then what handled the signal until now: a handler must not wait for a lock."""
    handler = signal.getsignal(number)

    def handle(received: int, frame: FrameType | None) -> None:
        threading.Thread(target=act, name="closing", daemon=True).start()
        if callable(handler):
            handler(received, frame)

    signal.signal(number, handle)
