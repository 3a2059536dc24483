"""What Pulseboard tells of itself to whoever may ask."""

from __future__ import annotations

import time
import tomllib
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from api.answers import StatusAnswer
from services import clock
from services.access.scope import Permission
from services.events.lanes import Lane
from services.status import VERSION
from services.storage import queue
from tests.conftest import ROOT
from tests.services.letters import bury, letter

PATH = "/analytics/status"


@pytest.fixture
def status(client: Any, admin_key: dict[str, str]) -> Callable[[], dict[str, Any]]:
    """Asks now."""

    def ask() -> dict[str, Any]:
        answer = client.get(PATH, headers=admin_key)
        assert answer.status_code == 200
        StatusAnswer.model_validate(answer.get_json(), strict=False)
        return dict(answer.get_json())

    return ask


@pytest.mark.stores("sqlite", "postgresql")
def test_it_says_as_much_as_health_and_which_build_on_which_store(
    status: Callable[[], dict[str, Any]], store_kind: str
) -> None:
    told = status()
    assert (told["status"], told["services"]["store"], told["store"]) == ("healthy", "healthy", store_kind)
    assert told["uptime_seconds"] >= 0
    assert told["process"]["counts"] == "all since the start"
    assert told["version"] == VERSION == tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]


def test_events_are_counted_by_what_became_of_them(
    status: Callable[[], dict[str, Any]], post_order: Callable[..., Any], services: Any
) -> None:
    post_order("1")
    post_order("2")
    post_order("2")
    post_order("2", total_amount="99.00")
    post_order("3", total_amount="-1")
    bury(services, letter("e-1"))
    events = status()["events"]
    found = {name: events[name] for name in ("accepted", "duplicates", "rejected", "conflicts", "dead_letters")}
    assert found == {"accepted": 2, "duplicates": 1, "rejected": 2, "conflicts": 1, "dead_letters": 1}


def test_what_waits_is_told_by_lane_with_the_age_of_the_oldest(
    status: Callable[[], dict[str, Any]], services: Any
) -> None:
    nothing = {"events": 0, "urgent": 0, "live": 0, "backfill": 0, "oldest_seconds": None, "failing": 0}
    assert {**status()["events"]["waiting"], "posts": 0} == {**nothing, "posts": 0}
    body, now = letter("e-1").body, services.clock()
    later = now + clock.DAY
    with services.store.writing() as connection:
        queue.put(connection, "main", Lane.URGENT, [body], now - 90 * clock.SECOND, attempts=2, not_before=later)
        queue.put(connection, "main", Lane.BACKFILL, [body, body], now - clock.DAY, not_before=later)
    waiting = status()["events"]["waiting"]
    assert (waiting["events"], waiting["urgent"], waiting["live"], waiting["backfill"]) == (3, 1, 0, 2)
    assert waiting["failing"] == 1
    assert 90 <= waiting["oldest_seconds"] < 600


def test_the_cache_says_how_often_it_was_right(
    status: Callable[[], dict[str, Any]], client: Any, admin_key: dict[str, str]
) -> None:
    assert status()["cache"] == {"kind": "in-process", "hit_rate": None, "cached": 0, "computed": 0, "stale": 0}
    for _ in range(4):
        client.get("/analytics/metrics/orders/current", headers=admin_key)
    assert status()["cache"] == {"kind": "in-process", "hit_rate": 0.75, "cached": 3, "computed": 1, "stale": 0}


def test_answers_that_blame_the_server_make_the_error_rate(
    status: Callable[[], dict[str, Any]], client: Any, services: Any, admin_key: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    client.get("/analytics/nothing", headers=admin_key)
    assert status()["errors"] == {"answers": 1, "failed": 0, "rate": 0.0}

    def fail() -> None:
        raise RuntimeError("at /var/lib/secret.py")

    with monkeypatch.context() as broken:
        broken.setattr(services.sites, "all", fail)
        assert client.get("/analytics/sites", headers=admin_key).status_code == 500
        assert client.get("/analytics/sites", headers=admin_key).status_code == 500
    assert status()["errors"] == {"answers": 4, "failed": 2, "rate": 0.5}


def test_a_limit_is_told_and_that_it_is_this_process_s(status: Callable[[], dict[str, Any]]) -> None:
    assert status()["rate_limit"] == {"events_per_second": None, "shared": "per process"}


def test_dead_letters_elsewhere_are_not_counted_for_who_may_not_see_them(
    client: Any, services: Any, admin_key: dict[str, str], key_of: Callable[..., dict[str, str]]
) -> None:
    client.put("/analytics/sites/bar", json={"name": "Bar", "currency": "EUR"}, headers=admin_key)
    bury(services, letter("e-1"), letter("e-2"), letter("e-3", site="bar"))
    told = client.get(PATH, headers=key_of("system_metrics", sites=["bar"])).get_json()
    assert told["events"]["dead_letters"] == 1


def test_nothing_of_the_inside_is_told(client: Any, services: Any, admin_key: dict[str, str]) -> None:
    text = client.get(PATH, headers=admin_key).text
    for secret in (services.settings.database_url, services.settings.secret_key, "/var", ".py", "SELECT"):
        assert secret not in text


def test_it_needs_its_permission(client: Any, key_of: Callable[..., dict[str, str]]) -> None:
    assert client.get(PATH).status_code == 401
    others = [one.value for one in Permission if one is not Permission.SYSTEM_METRICS]
    assert client.get(PATH, headers=key_of(*others)).status_code == 403
    assert client.get(PATH, headers=key_of("system_metrics", name="monitor")).status_code == 200


def test_what_runs_beside_serving_is_told_with_when_it_ran_and_runs_next(status: Callable[[], dict[str, Any]]) -> None:
    deadline = time.monotonic() + 20
    while not all(job["next_run"] for job in status()["jobs"]):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    jobs = {job["name"]: job for job in status()["jobs"]}
    assert {name: job["running"] for name, job in jobs.items()} == {"upkeep": True, "processor": True}
    upkeep = jobs["upkeep"]
    assert datetime.fromisoformat(upkeep["last_run"]) < datetime.fromisoformat(upkeep["next_run"])
