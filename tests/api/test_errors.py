"""One mapping of errors, and nothing of the inside in any answer."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from api.errors import STATUS
from services import errors


def test_every_error_that_can_reach_a_caller_has_a_status() -> None:
    classes = {one for _, one in inspect.getmembers(errors, inspect.isclass) if issubclass(one, errors.PulseboardError)}
    assert classes - set(STATUS) == {errors.PulseboardError, errors.SettingError, errors.BackupFailed}


@pytest.mark.parametrize(
    ("path", "status"), [("/analytics/nothing", 404), ("/analytics/%00", 404), ("/analytics/events", 405)]
)
def test_what_is_not_there_is_a_problem(client: Any, path: str, status: int) -> None:
    answer = client.get(path)
    assert answer.status_code == status
    assert answer.content_type == "application/problem+json"
    assert set(answer.get_json()) == {"type", "title", "status", "code", "detail", "errors"}


def test_a_wrong_method_says_which_are_right(client: Any) -> None:
    assert client.get("/analytics/events").headers["Allow"] == "POST"
    assert "GET" in client.post("/analytics/catalogue").headers["Allow"]


def test_a_stranger_is_told_how_to_come_in(client: Any) -> None:
    answer = client.get("/analytics/sites")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_failure_tells_nothing_of_the_inside(
    app: Any, client: Any, services: Any, admin_key: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise RuntimeError("SELECT * FROM users at /var/lib/secret.py")

    monkeypatch.setattr(services.sites, "all", fail)
    answer = client.get("/analytics/sites", headers=admin_key)
    assert answer.status_code == 500
    assert answer.content_type == "application/problem+json"
    assert "SELECT" not in answer.text
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text


def test_a_store_out_of_reach_is_503_with_retry_after(
    client: Any, services: Any, admin_key: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise errors.StoreUnavailable("the store cannot be reached now")

    monkeypatch.setattr(services.sites, "all", fail)
    answer = client.get("/analytics/sites", headers=admin_key)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"
    assert client.get("/analytics/health").status_code == 503
    assert client.get("/analytics/health").get_json()["services"]["store"] == "unhealthy"
    assert client.get("/analytics/health/live").status_code == 200


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b'{"pattern": NaN}', "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b'{"pattern": ' + b"9" * 10_000 + b"}", "application/json", 400),
        (b"pattern=x", "application/x-www-form-urlencoded", 415),
        (b"x" * 2_000_000, "application/json", 413),
        (b"[]", "application/json", 422),
        (b'{"pattern": 1}', "application/json", 422),
        (b'{"pattern": "\\ud800"}', "application/json", 422),
        (b'{"widget_id": "a\\u0000b"}', "application/json", 422),
        (b'{"what": 1}', "application/json", 422),
        (b'{"pattern": "a", "widget_id": "b"}', "application/json", 422),
    ],
)
def test_a_bad_body_is_refused_for_what_it_is(
    client: Any, admin_key: dict[str, str], body: bytes, kind: str, status: int
) -> None:
    answer = client.post("/analytics/cache/invalidate", data=body, content_type=kind, headers=admin_key)
    assert answer.status_code == status
    assert answer.content_type == "application/problem+json"
