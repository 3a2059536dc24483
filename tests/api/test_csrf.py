"""A change by cookie has to come from our own page; Dash's callback route included."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

CHANGES = [("POST", "/analytics/dashboards"), ("POST", "/analytics/cache/invalidate"), ("PUT", "/analytics/sites/main")]


@pytest.mark.parametrize(("method", "path"), CHANGES)
def test_a_change_by_cookie_needs_the_token(
    client: Any, signed_in: Callable[..., dict[str, str]], method: str, path: str
) -> None:
    headers = signed_in()
    body = {"name": "Bar", "widgets": []} if "dashboards" in path else {}
    assert client.open(path, method=method, json=body).status_code == 403
    wrong = {"X-CSRF-Token": "wrong"}
    assert client.open(path, method=method, json=body, headers=wrong).status_code == 403
    assert client.open(path, method=method, json=body, headers=headers).status_code in (200, 201)


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "http://localhost.evil.example", "null", "http://localhost:1"]
)
def test_a_foreign_origin_is_refused_even_with_the_token(
    client: Any, signed_in: Callable[..., dict[str, str]], origin: str
) -> None:
    headers = {**signed_in(), "Origin": origin}
    assert client.post("/analytics/cache/invalidate", json={}, headers=headers).status_code == 403


def test_a_key_needs_no_token(client: Any, admin_key: dict[str, str]) -> None:
    assert client.post("/analytics/cache/invalidate", json={}, headers=admin_key).status_code == 200


def _callback_body() -> dict[str, Any]:
    return {"output": "nav.children", "inputs": [], "changedPropIds": []}


def test_dash_s_own_route_needs_session_and_token(client: Any, signed_in: Callable[..., dict[str, str]]) -> None:
    assert client.post("/_dash-update-component", json=_callback_body()).status_code == 401
    headers = signed_in()
    assert client.post("/_dash-update-component", json=_callback_body()).status_code == 403
    named = client.post("/_dash-update-component", json=_callback_body(), headers=headers)
    assert named.status_code == 404  # past the gate: there is no such callback


def _open_page(app: Any) -> dict[str, Any]:
    """What the browser sends to open the first page."""
    named = {one["callback"].__name__: name for name, one in app.callback_map.items() if "callback" in one}
    output = named["open_page"]
    declared = app.callback_map[output]
    parts = [part.rpartition(".") for part in output.strip(".").split("...")]
    return {
        "output": output,
        "outputs": [{"id": name, "property": prop} for name, _, prop in parts],
        "inputs": [one | {"value": "/" if one["property"] == "pathname" else ""} for one in declared["inputs"]],
        "state": [one | {"value": None} for one in declared["state"]],
        "changedPropIds": ["location.pathname"],
    }


def test_a_callback_answers_who_comes_from_our_page(
    app: Any, client: Any, signed_in: Callable[..., dict[str, str]]
) -> None:
    answer = client.post("/_dash-update-component", json=_open_page(app), headers=signed_in())
    assert answer.status_code == 200
    assert answer.get_json()["response"]


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"output": 7}', b'{"output": "x", "inputs": 1}', b"\xff"])
def test_whatever_is_sent_to_dash_s_route_is_no_server_error(
    client: Any, signed_in: Callable[..., dict[str, str]], body: bytes
) -> None:
    headers = signed_in()
    answer = client.post("/_dash-update-component", data=body, content_type="application/json", headers=headers)
    assert 400 <= answer.status_code < 500


def test_inputs_that_do_not_fit_the_callback_are_refused(
    app: Any, client: Any, signed_in: Callable[..., dict[str, str]]
) -> None:
    headers = signed_in()
    for change in ({"inputs": []}, {"inputs": [1]}, {"outputs": 5}, {"changedPropIds": [3]}, {"inputs": [{}]}):
        answer = client.post("/_dash-update-component", json={**_open_page(app), **change}, headers=headers)
        assert answer.status_code < 500, change
