"""The one gate: who is calling, whether the table lets them, and whether a change really comes from their page."""

from __future__ import annotations

import hmac
from urllib.parse import urlencode

from dash import Dash
from flask import Flask, Response, current_app, g, redirect, request
from werkzeug.exceptions import MethodNotAllowed
from werkzeug.wrappers import Response as WerkzeugResponse

from api import dash_route
from api.permissions import ROUTES
from services.access.callers import Caller, LastKnown
from services.access.scope import Scope
from services.container import Services
from services.errors import Forbidden, NotFound, StoreUnavailable, Unauthenticated

SESSION_COOKIE = "pulseboard_session"
CSRF_COOKIE = "pulseboard_csrf"
CSRF_HEADER = "X-CSRF-Token"
CSRF_FIELD = "csrf_token"
SOCKET = "realtime_dashboard"
READING = frozenset({"GET", "HEAD", "OPTIONS"})
PAGES = frozenset({"/", "/<path:path>"})
CALLBACK_ROUTE = "/_dash-update-component"
FIGURES = frozenset({"read_widgets", "realtime_snapshot", "current_metric", "hourly_trends", "top_performers"})
"""What can be answered from memory while the store cannot be read; the answer says that it is stale."""


def register(server: Flask, app: Dash, services: Services) -> None:
    last_known = LastKnown()

    @server.before_request
    def pass_the_gate() -> WerkzeugResponse | None:
        g.caller = None
        if request.endpoint is None:  # no such route; the router answers
            return None
        _refuse_unknown_pages()
        if request.endpoint not in ROUTES:
            raise Forbidden("this route is in no table of permissions")
        permission = ROUTES[request.endpoint]
        if permission is None:
            return None
        g.caller = _caller_or_last_known(services, last_known)
        if g.caller is None:
            return _send_away()
        g.caller.scope.require(permission)
        refuse_forged_change(g.caller, services)
        if request.endpoint == CALLBACK_ROUTE:
            dash_route.check(app, g.caller.scope)
        return None

    @server.after_request
    def hand_out_csrf_token(response: Response) -> Response:
        """Dash's renderer reads the token from a cookie that scripts can see; it opens nothing by itself."""
        caller = caller_if_any()
        if request.endpoint in PAGES and caller is not None and caller.session is not None:
            set_cookie(response, CSRF_COOKIE, caller.session.csrf_token, http_only=False)
        return response


def caller_if_any() -> Caller | None:
    """Who makes the present request, as far as the gate has looked."""
    caller: Caller | None = g.get("caller")
    return caller


def current_caller() -> Caller:
    """Who makes the present request; Unauthenticated for a stranger."""
    caller = caller_if_any()
    if caller is None:
        raise Unauthenticated("sign in, or send an API key")
    return caller


def current_scope() -> Scope:
    """The present caller's scope, made anew for this request: ask again in every handler and callback."""
    return current_caller().scope


def _caller_or_last_known(services: Services, last_known: LastKnown) -> Caller | None:
    """Who is calling; for reading figures, whom the store knew a moment ago, while it cannot be asked."""
    credential = request.headers.get("Authorization") or request.cookies.get(SESSION_COOKIE, "")
    try:
        caller = find_caller(services)
    except StoreUnavailable:
        known = last_known.get(credential) if request.endpoint in FIGURES else None
        if known is None:
            raise
        return known
    if caller is not None:
        last_known.note(credential, caller)
    return caller


def find_caller(services: Services) -> Caller | None:
    """By bearer key, else by the session's cookie, else (the socket alone) by ticket; None for a stranger.

    Errors: Unauthenticated for a bearer key that is not known; a cookie beside it does not help.
    """
    if "Authorization" in request.headers:
        return _by_key(services, request.headers["Authorization"])
    if SESSION_COOKIE in request.cookies:
        session = services.sessions.get(request.cookies[SESSION_COOKIE])
        if session is not None:
            return Caller.of(session)
    if request.endpoint == SOCKET and "ticket" in request.args:
        return services.tickets.redeem(request.args["ticket"])
    return None


def _by_key(services: Services, header: str) -> Caller:
    kind, _, token = header.partition(" ")
    key = services.keys.get(token.strip()) if kind.lower() == "bearer" else None
    if key is None:
        raise Unauthenticated("the API key is not known")
    return Caller.of(key)


def origin_allowed(services: Services) -> bool | None:
    """Whether the request's Origin is one of ours, by exact match; None where it has none."""
    origin = request.headers.get("Origin")
    if origin is None:
        return None
    allowed = services.settings.allowed_origins or (request.host_url.rstrip("/").lower(),)
    return origin.lower() in allowed


def refuse_forged_change(caller: Caller, services: Services) -> None:
    """A change by cookie needs the session's CSRF token and, where an Origin is sent, one of ours.

    Browsers add cookies by themselves and keys never, so a bearer key needs neither.
    """
    if caller.session is None or request.method in READING:
        return
    if origin_allowed(services) is False:
        raise Forbidden("this origin is not allowed")
    sent = request.headers.get(CSRF_HEADER) or request.form.get(CSRF_FIELD, "")
    if not same_text(sent, caller.session.csrf_token):
        raise Forbidden("the CSRF token is missing or wrong; load the page again")


def same_text(one: str, other: str) -> bool:
    """In constant time."""
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode("utf-8"))


def set_cookie(
    response: WerkzeugResponse, name: str, value: str, *, http_only: bool = True, max_age: int | None = None
) -> None:
    """For this server alone, never from another site's form; behind TLS never without it."""
    response.set_cookie(
        name, value, max_age=max_age, httponly=http_only, secure=request.is_secure, samesite="Lax", path="/"
    )


def _send_away() -> WerkzeugResponse:
    """People are shown the login page; programs are told."""
    if request.endpoint not in PAGES:
        raise Unauthenticated("sign in, or send an API key")
    asked = request.full_path.rstrip("?")
    return redirect("/login" if asked == "/" else f"/login?{urlencode({'next': asked})}")


def _refuse_unknown_pages() -> None:
    """Dash answers every path with its page; under /analytics/ what is not there is not there."""
    if "\x00" in request.path:
        raise NotFound("there is nothing here")
    if request.endpoint != "/<path:path>" or not request.path.startswith("/analytics"):
        return
    adapter = current_app.create_url_adapter(request)
    others = set(adapter.allowed_methods() if adapter else ()) - READING
    if others:
        raise MethodNotAllowed(valid_methods=others)
    raise NotFound("there is nothing here")
