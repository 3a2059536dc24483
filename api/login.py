"""Signing in and out by a plain form: no script, one answer for every kind of wrong, ten tries a minute."""

from __future__ import annotations

import secrets
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, make_response, redirect, render_template, request
from flask_limiter import Limiter
from werkzeug.wrappers import Response as WerkzeugResponse

from api.addresses import client_address
from api.auth import (
    CSRF_COOKIE,
    CSRF_FIELD,
    SESSION_COOKIE,
    find_caller,
    origin_allowed,
    refuse_forged_change,
    same_text,
    set_cookie,
)
from services.access.sessions import LASTS, Session
from services.clock import SECOND
from services.container import Services
from services.errors import Unauthenticated
from services.redis_link import RedisLink

TRIES = "10 per minute"
FORM_COOKIE = "pulseboard_form"


def register(server: Flask, services: Services) -> None:
    trusted = services.settings.forwarded_allow_ips

    def address() -> str:
        return client_address(request.remote_addr or "", request.headers.get("X-Forwarded-For", ""), trusted)

    limiter = Limiter(address, app=server, **_counted_in(services.redis))
    _register_login(server, services, limiter)
    _register_logout(server, services)


def _counted_in(link: RedisLink | None) -> dict[str, Any]:
    """Where tries are counted: for all processes in Redis, and in each while it is out of reach."""
    if link is None:
        return {"storage_uri": "memory://"}
    there = {"connection_pool": link.pool, "key_prefix": link.key("login")}
    return {"storage_uri": "redis://", "storage_options": there, "in_memory_fallback_enabled": True}


def _register_login(server: Flask, services: Services, limiter: Limiter) -> None:
    demo = services.settings.demo

    @server.get("/login")
    def login() -> WerkzeugResponse:
        if _session(services) is not None:
            return redirect(_local(request.args.get("next", "/")))
        return _form(demo, next=_local(request.args.get("next", "/")))

    @server.post("/login")
    @limiter.limit(TRIES, on_breach=lambda _: _too_many(demo))
    def submit_login() -> WerkzeugResponse:
        username, after = _field("username"), _local(_field("next"))
        if not _form_is_ours() or origin_allowed(services) is False:
            return _form(demo, "This form was too old. Please try again.", HTTPStatus.FORBIDDEN, username, after)
        try:
            user = services.accounts.verify(username, request.form.get("password", ""))
        except Unauthenticated as error:
            return _form(demo, f"{error.detail.capitalize()}.", HTTPStatus.UNAUTHORIZED, username, after)
        _end_session(services)
        token, session = services.sessions.open(user)
        return _welcome(redirect(after, HTTPStatus.SEE_OTHER), token, session)


def _register_logout(server: Flask, services: Services) -> None:
    @server.get("/logout")
    def logout() -> WerkzeugResponse:
        session = _session(services)
        if session is None:
            return redirect("/login")
        return make_response(render_template("logout.html", username=session.username, csrf_token=session.csrf_token))

    @server.post("/logout")
    def submit_logout() -> WerkzeugResponse:
        caller = find_caller(services)
        if caller is not None:
            refuse_forged_change(caller, services)
        _end_session(services)
        response = redirect("/login", HTTPStatus.SEE_OTHER)
        for name in (SESSION_COOKIE, CSRF_COOKIE):
            response.delete_cookie(name, path="/")
        return response


def _form(demo: bool, problem: str = "", status: int = HTTPStatus.OK, username: str = "", next: str = "/") -> Response:
    """The form; its token is in a cookie too, and has to come back in both."""
    token = request.cookies.get(FORM_COOKIE) or secrets.token_urlsafe(32)
    page = render_template("login.html", csrf_token=token, problem=problem, username=username, next=next, demo=demo)
    response = Response(page, status)
    set_cookie(response, FORM_COOKIE, token)
    return response


def _too_many(demo: bool) -> Response:
    wait = "Too many tries from your address. Please wait a minute."
    response = _form(demo, wait, HTTPStatus.TOO_MANY_REQUESTS, _field("username"), _local(_field("next")))
    response.headers["Retry-After"] = "60"
    return response


def _form_is_ours() -> bool:
    kept = request.cookies.get(FORM_COOKIE, "")
    return bool(kept) and same_text(request.form.get(CSRF_FIELD, ""), kept)


def _welcome(response: WerkzeugResponse, token: str, session: Session) -> WerkzeugResponse:
    """A session of a new id, whatever the browser had before."""
    set_cookie(response, SESSION_COOKIE, token, max_age=LASTS // SECOND)
    set_cookie(response, CSRF_COOKIE, session.csrf_token, max_age=LASTS // SECOND, http_only=False)
    response.delete_cookie(FORM_COOKIE, path="/")
    return response


def _session(services: Services) -> Session | None:
    token = request.cookies.get(SESSION_COOKIE)
    return services.sessions.get(token) if token else None


def _end_session(services: Services) -> None:
    if SESSION_COOKIE in request.cookies:
        services.sessions.close(request.cookies[SESSION_COOKIE])


def _field(name: str) -> str:
    """A form field as text that can be looked up and shown: no NUL, no lone surrogate."""
    text = request.form.get(name, "")[:1_024].replace("\x00", "")
    return text.encode("utf-8", "replace").decode()


def _local(target: str) -> str:
    """A path on this server; whatever leads elsewhere becomes the front page."""
    elsewhere = not target.startswith("/") or target[1:2] in ("/", "\\") or any(ord(sign) < 32 for sign in target)
    return "/" if elsewhere else target
