"""Dead letters over REST: listed, replayed and discarded by administrators, within their sites."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.services.letters import REASON, bury, letter

pytestmark = pytest.mark.stores("sqlite", "postgresql")

PATH = "/analytics/events/dead-letters"


@pytest.fixture
def bar(client: Any, admin_key: dict[str, str]) -> None:
    """A second site."""
    made = client.put("/analytics/sites/bar", json={"name": "Bar", "currency": "EUR"}, headers=admin_key)
    assert made.status_code == 201


def test_without_any_the_list_is_empty(client: Any, admin_key: dict[str, str]) -> None:
    answer = client.get(PATH, headers=admin_key)
    assert answer.status_code == 200
    assert answer.get_json() == {"dead_letters": [], "total": 0, "next_cursor": None}


def test_a_letter_tells_what_failed_why_and_how_often(client: Any, services: Any, admin_key: dict[str, str]) -> None:
    (dead,) = bury(services, letter("orders-7", minute=3))
    (listed,) = client.get(PATH, headers=admin_key).get_json()["dead_letters"]
    data = listed["event"].pop("data")
    assert (data["order_id"], data["total_amount"], data["items_count"]) == ("orders-7", "12.5", 1)
    assert listed == {
        "id": dead.id,
        "site": "main",
        "source": "till",
        "event_id": "orders-7",
        "type": "order_completed",
        "occurred_at": "2026-03-01T12:00:00+00:00",
        "reason": REASON,
        "attempts": 5,
        "died_at": "2026-03-01T12:03:00+00:00",
        "event": {
            "id": "orders-7",
            "type": "order_completed",
            "source": "till",
            "site": "main",
            "occurred_at": "2026-03-01T12:00:00+00:00",
        },
    }


def test_pages_follow_each_other(client: Any, services: Any, admin_key: dict[str, str]) -> None:
    bury(services, *(letter(f"e-{minute}", minute=minute) for minute in range(3)))
    first = client.get(f"{PATH}?limit=2", headers=admin_key).get_json()
    second = client.get(f"{PATH}?limit=2&cursor={first['next_cursor']}", headers=admin_key).get_json()
    assert [one["event_id"] for one in first["dead_letters"] + second["dead_letters"]] == ["e-2", "e-1", "e-0"]
    assert (first["total"], second["total"], second["next_cursor"]) == (3, 3, None)


@pytest.mark.parametrize(
    "arguments", ["limit=0", "limit=201", "limit=x", "cursor=", "cursor=x", "cursor=1.%00", "page=2"]
)
def test_arguments_that_are_none_are_refused(client: Any, admin_key: dict[str, str], arguments: str) -> None:
    assert client.get(f"{PATH}?{arguments}", headers=admin_key).status_code == 422


def test_a_replayed_letter_is_gone_from_the_list_and_a_second_try_is_told_so(
    client: Any, services: Any, admin_key: dict[str, str]
) -> None:
    (dead,) = bury(services, letter("e-1"))
    answer = client.post(f"{PATH}/{dead.id}/replay", headers=admin_key)
    assert (answer.status_code, answer.get_json()) == (202, {"id": dead.id, "status": "queued"})
    assert client.get(PATH, headers=admin_key).get_json()["total"] == 0
    again = client.post(f"{PATH}/{dead.id}/replay", headers=admin_key)
    assert (again.status_code, again.get_json()["code"]) == (404, "not_found")
    assert client.post(f"{PATH}/{dead.id}/discard", headers=admin_key).status_code == 404


def test_a_discarded_letter_is_gone_for_good(client: Any, services: Any, admin_key: dict[str, str]) -> None:
    (dead,) = bury(services, letter("e-1"))
    answer = client.post(f"{PATH}/{dead.id}/discard", headers=admin_key)
    assert (answer.status_code, answer.data) == (204, b"")
    assert client.post(f"{PATH}/{dead.id}/replay", headers=admin_key).status_code == 404


def test_a_replayed_event_is_counted(
    client: Any, services: Any, admin_key: dict[str, str], post_order: Callable[..., Any]
) -> None:
    now = datetime.now(UTC).isoformat()
    post_order("1", at=now)
    (dead,) = bury(services, letter("e-1", when=now))

    def orders() -> int:
        answer = client.get("/analytics/metrics/orders/current?range=last_30_days", headers=admin_key)
        return int(answer.get_json()["value"])

    assert client.post(f"{PATH}/{dead.id}/replay", headers=admin_key).status_code == 202
    deadline = time.monotonic() + 20
    while orders() != 2:
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize("letter_id", ["nothing", "a%00b", "%ff", "x" * 500, "a b"])
@pytest.mark.parametrize("act", ["replay", "discard"])
def test_an_unknown_letter_is_a_problem_of_404(
    client: Any, admin_key: dict[str, str], letter_id: str, act: str
) -> None:
    answer = client.post(f"{PATH}/{letter_id}/{act}", headers=admin_key)
    assert (answer.status_code, answer.content_type) == (404, "application/problem+json")


def test_a_limited_administrator_neither_sees_nor_moves_what_is_elsewhere(
    client: Any, services: Any, bar: None, key_of: Callable[..., dict[str, str]]
) -> None:
    (main, _) = bury(services, letter("e-main"), letter("e-bar", site="bar"))
    limited = key_of("admin", sites=["bar"])
    answer = client.get(PATH, headers=limited).get_json()
    assert ([one["event_id"] for one in answer["dead_letters"]], answer["total"]) == (["e-bar"], 1)
    assert client.post(f"{PATH}/{main.id}/replay", headers=limited).status_code == 404
    assert client.post(f"{PATH}/{main.id}/discard", headers=limited).status_code == 404


@pytest.mark.parametrize("act", ["replay", "discard"])
def test_a_change_by_cookie_needs_the_token(
    client: Any, services: Any, signed_in: Callable[..., dict[str, str]], act: str
) -> None:
    (dead,) = bury(services, letter("e-1"))
    headers = signed_in()
    assert client.post(f"{PATH}/{dead.id}/{act}").status_code == 403
    foreign = {**headers, "Origin": "https://evil.example"}
    assert client.post(f"{PATH}/{dead.id}/{act}", headers=foreign).status_code == 403
    assert client.get(PATH).get_json()["total"] == 1
    assert client.post(f"{PATH}/{dead.id}/{act}", headers=headers).status_code in (202, 204)


@pytest.mark.parametrize("role", ["viewer", "analyst", "manager"])
def test_it_is_nobody_elses_business(
    client: Any, signed_in: Callable[..., dict[str, str]], user_of: Callable[..., str], role: str
) -> None:
    signed_in(user_of(role))
    assert client.get(PATH).status_code == 403
