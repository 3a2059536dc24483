"""The WebSocket of contract §7 and the calls around it: tickets, statistics, connections, broadcast."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, request
from flask_sock import Sock
from pydantic import BaseModel, ConfigDict, Field
from simple_websocket import ConnectionError
from werkzeug.exceptions import BadRequest
from wsproto.utilities import RemoteProtocolError

from api import bodies
from api.auth import SESSION_COOKIE, current_caller, origin_allowed
from services.access.callers import Caller
from services.access.scope import Permission
from services.errors import Forbidden
from services.realtime import conversation, messages
from services.realtime.credentials import HeldCaller
from services.realtime.transport import SocketTransport

if TYPE_CHECKING:
    from services.container import Services

PATH = "/analytics/realtime/dashboard"


class _NoReader:
    """Stands where simple-websocket would start a thread that reads: our transport reads in the request's own."""

    name = ""

    def __init__(self, target: Callable[[], None]) -> None: ...

    def start(self) -> None: ...


def register(server: Flask, services: Services) -> None:
    server.config["SOCK_SERVER_OPTIONS"] = {"thread_class": _NoReader, "max_message_size": messages.MAX_BYTES}
    _socket(server, services)
    _tickets(server, services)
    _administration(server, services)


def _socket(server: Flask, services: Services) -> None:
    hub = services.hub

    @Sock(server).route(PATH, endpoint="realtime_dashboard")
    def converse(socket: Any) -> None:
        transport = SocketTransport(socket.sock, socket.ws)
        caller = current_caller()
        client = hub.join(caller.scope, HeldCaller(services.callers, caller), transport)
        try:
            transport.serve(functools.partial(conversation.hear, hub, client))
        finally:
            hub.leave(client)
            socket.connected = False  # the closing frames are exchanged; nobody is to send another

    upgrade = server.view_functions["realtime_dashboard"]

    # flask-sock shakes hands before it calls us, so who may not come in has to be refused around it.
    @functools.wraps(upgrade)
    def admit() -> Any:
        refuse_foreign_origin(services)
        require_streaming(current_caller())
        with hub.place():
            # Frames are under 200 bytes: compressing them costs more than it saves, and memory for each client.
            request.environ.pop("HTTP_SEC_WEBSOCKET_EXTENSIONS", None)
            try:
                return upgrade()
            except (RemoteProtocolError, ConnectionError) as error:
                raise BadRequest from error  # no proper handshake

    server.view_functions["realtime_dashboard"] = admit


def refuse_foreign_origin(services: Services) -> None:
    """Browsers send cookies and an Origin whatever page asks, so a cookie alone proves nothing.

    Errors: Forbidden for an Origin that is not allowed, and for a cookie without any.
    """
    allowed = origin_allowed(services)
    by_cookie = SESSION_COOKIE in request.cookies and "Authorization" not in request.headers
    if allowed is False or (by_cookie and allowed is None):
        raise Forbidden("a socket is opened from an allowed origin only")


def require_streaming(caller: Caller) -> None:
    """Streaming to programs takes a permission of its own; people get the live dashboard without."""
    if caller.key is not None:
        caller.scope.require(Permission.ACCESS_REALTIME)


def _tickets(server: Flask, services: Services) -> None:
    @server.post("/analytics/realtime/ticket")
    def realtime_ticket() -> Response:
        ticket, expires_in = services.tickets.issue(current_caller())
        return bodies.answer({"ticket": ticket, "expires_in": expires_in}, Cache_Control="no-store")


class Broadcast(BaseModel):
    model_config = ConfigDict(extra="forbid")

    message: str = Field(min_length=1, max_length=1000)


def _require_whole_view() -> None:
    """Other people's connections are for administrators of everything."""
    if not current_caller().scope.whole:
        raise Forbidden("this is for administrators of all sites")


def _administration(server: Flask, services: Services) -> None:
    hub = services.hub

    @server.get("/analytics/websocket/stats")
    def websocket_stats() -> Response:
        _require_whole_view()
        return bodies.answer(hub.stats())

    @server.get("/analytics/websocket/connections")
    def websocket_connections() -> Response:
        _require_whole_view()
        return bodies.answer({"connections": hub.connections()})

    @server.delete("/analytics/websocket/connections/<client_id>")
    def websocket_disconnect(client_id: str) -> tuple[str, int]:
        _require_whole_view()
        hub.end(client_id)
        return "", 204

    @server.post("/analytics/websocket/broadcast")
    def websocket_broadcast() -> Response:
        _require_whole_view()
        return bodies.answer({"connections": services.announcer.broadcast(bodies.read(Broadcast).message)}, 202)
