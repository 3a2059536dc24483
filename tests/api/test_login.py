"""Signing in and out, as a browser does."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import ADMIN_PASSWORD


def _token(client: Any, path: str = "/login") -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get(path).text)
    assert found is not None
    return found.group(1)


def _sign_in(client: Any, password: str = ADMIN_PASSWORD, **form: str) -> Any:
    fields = {"username": "admin", "password": password, "csrf_token": _token(client), "next": "/", **form}
    return client.post("/login", data=fields)


def _cookies(answer: Any) -> dict[str, str]:
    return {line.partition("=")[0]: line for line in answer.headers.getlist("Set-Cookie")}


def test_strangers_are_sent_to_the_form_and_from_there_to_where_they_wanted(client: Any) -> None:
    assert client.get("/").headers["Location"] == "/login"
    sent = client.get("/dashboards/overview?x=1")
    assert sent.headers["Location"] == "/login?next=%2Fdashboards%2Foverview%3Fx%3D1"
    assert 'value="/dashboards/overview?x=1"' in client.get(sent.headers["Location"]).text
    assert _sign_in(client, next="/dashboards/overview").headers["Location"] == "/dashboards/overview"


def test_the_right_password_opens_the_dashboard(client: Any) -> None:
    answer = _sign_in(client)
    assert answer.status_code == 303
    assert client.get("/").status_code == 200
    assert client.get("/login").headers["Location"] == "/"


def test_the_cookies_are_kept_from_scripts_and_other_sites(client: Any) -> None:
    cookies = _cookies(_sign_in(client))
    assert "HttpOnly" in cookies["pulseboard_session"]
    assert "SameSite=Lax" in cookies["pulseboard_session"]
    assert "Secure" not in cookies["pulseboard_session"]
    assert "HttpOnly" not in cookies["pulseboard_csrf"]


def test_behind_tls_the_cookies_never_leave_it(client: Any) -> None:
    page = client.get("/login", base_url="https://localhost")
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.text).group(1)
    form = {"username": "admin", "password": ADMIN_PASSWORD, "csrf_token": token}
    answer = client.post("/login", data=form, base_url="https://localhost")
    assert answer.status_code == 303
    assert "Secure" in _cookies(answer)["pulseboard_session"]
    assert "Strict-Transport-Security" in answer.headers


def test_the_session_s_id_changes_at_login_and_the_old_one_is_over(client: Any, services: Any) -> None:
    _sign_in(client)
    first = client.get_cookie("pulseboard_session").value
    token = services.sessions.get(first).csrf_token
    client.delete_cookie("pulseboard_csrf")
    form_token = "t" * 20
    client.set_cookie("pulseboard_form", form_token)
    client.post("/login", data={"username": "admin", "password": ADMIN_PASSWORD, "csrf_token": form_token})
    second = client.get_cookie("pulseboard_session").value
    assert second != first
    assert services.sessions.get(first) is None
    assert services.sessions.get(second).csrf_token != token


@pytest.mark.parametrize(("username", "password"), [("admin", "wrong"), ("nobody", ADMIN_PASSWORD), ("", "")])
def test_whatever_is_wrong_looks_the_same(client: Any, username: str, password: str) -> None:
    answer = _sign_in(client, password, username=username)
    assert answer.status_code == 401
    assert "The user name or the password is wrong." in answer.text
    assert "pulseboard_session" not in _cookies(answer)


def test_a_form_that_is_not_ours_opens_nothing(client: Any) -> None:
    form = {"username": "admin", "password": ADMIN_PASSWORD}
    assert client.post("/login", data=form).status_code == 403
    assert client.post("/login", data={**form, "csrf_token": ""}).status_code == 403
    token = _token(client)
    foreign = {"Origin": "https://evil.example"}
    assert client.post("/login", data={**form, "csrf_token": token}, headers=foreign).status_code == 403


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", "/\\evil.example", "evil", "/\tx"])
def test_login_leads_nowhere_else(client: Any, target: str) -> None:
    assert _sign_in(client, next=target).headers["Location"] == "/"


def test_what_was_typed_is_never_run(client: Any) -> None:
    answer = _sign_in(client, "wrong", username='"><script>alert(1)</script>')
    assert "<script>" not in answer.text


@pytest.mark.parametrize("name", ["\x00", "\ufffd", "x" * 9_999])
def test_odd_names_are_only_wrong(client: Any, name: str) -> None:
    assert _sign_in(client, "wrong", username=name).status_code == 401


def test_the_eleventh_try_of_a_minute_is_turned_away(client: Any) -> None:
    token = _token(client)
    form = {"username": "admin", "password": "wrong", "csrf_token": token}
    assert {client.post("/login", data=form).status_code for _ in range(10)} == {401}
    refused = client.post("/login", data={**form, "password": ADMIN_PASSWORD})
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) > 0
    assert client.get("/login").status_code == 200


def test_logging_out_ends_the_session(client: Any, services: Any, signed_in: Callable[..., dict[str, str]]) -> None:
    signed_in()
    session = client.get_cookie("pulseboard_session").value
    assert client.post("/logout").status_code == 403
    token = _token(client, "/logout")
    answer = client.post("/logout", data={"csrf_token": token})
    assert answer.headers["Location"] == "/login"
    assert services.sessions.get(session) is None
    assert client.get("/").headers["Location"] == "/login"
