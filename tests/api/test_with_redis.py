"""The server with Redis: shared limits told in headers, health that follows it, and a wrong address that stops it."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app import create_app
from services.access.throttle import SMALLEST_BURST, InProcessThrottle
from services.container import build
from tests.backends.redis import RedisServer
from tests.conftest import ROOT, Server, free_port
from tests.services.waiting import until

EVENT = {"type": "customer_action", "occurred_at": "2026-03-01T12:00:00Z",
         "data": {"customer_id": "1", "action_type": "visit"}}  # fmt: skip
LIMITS = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset", "RateLimit-Policy")
QUERY = {"metric": "customer_actions", "range": {"from": "2026-03-01T00:00:00Z", "to": "2026-03-02T00:00:00Z"}}


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    with RedisServer(tmp_path / "redis") as server:
        yield server


@pytest.fixture
def workers(services: Any, settings: Any, redis: RedisServer) -> Iterator[list[Any]]:
    """Two processes' worth of services on one store and one Redis, ten events a second for a key."""
    both = [build(replace(settings, redis_url=redis.url, event_processing_rate_limit=10)) for _ in range(2)]
    for one in both:
        one.start()
    until(lambda: both[0].redis.generation == both[1].redis.generation)
    yield both
    for one in both:
        one.stop()


def client_of(services: Any) -> Any:
    return create_app(services.settings, services).server.test_client()


def limits(answer: Any) -> dict[str, str]:
    return {name: answer.headers[name] for name in LIMITS if name in answer.headers}


# Limits in headers.


def test_without_a_limit_nothing_is_said_of_one(client: Any, admin_key: dict[str, str]) -> None:
    assert limits(client.post("/analytics/events", json=EVENT, headers=admin_key)) == {}


def test_a_limit_is_told_with_every_answer_and_with_the_refusal(services: Any, admin_key: dict[str, str]) -> None:
    client = client_of(replace(services, throttle=InProcessThrottle(1)))
    answer = client.post("/analytics/events", json=[EVENT] * 10, headers=admin_key)
    assert answer.status_code == 202
    assert limits(answer) == {
        "RateLimit-Limit": "5000", "RateLimit-Remaining": "4990", "RateLimit-Reset": "10",
        "RateLimit-Policy": "5000;w=5000",
    }  # fmt: skip
    bad = client.post("/analytics/events", json=[7] * 4_000, headers=admin_key)
    assert (bad.status_code, bad.headers["RateLimit-Remaining"]) == (422, "990")
    refused = client.post("/analytics/events", json=[7] * SMALLEST_BURST, headers=admin_key)
    assert refused.status_code == 429
    assert refused.headers["RateLimit-Remaining"] == "990"
    assert int(refused.headers["Retry-After"]) == int(refused.headers["RateLimit-Reset"]) == 4_010


def test_a_limit_is_one_for_all_processes(workers: list[Any], admin_key: dict[str, str]) -> None:
    one, other = map(client_of, workers)
    assert one.post("/analytics/events", json=[7] * 3_000, headers=admin_key).status_code == 422
    assert other.post("/analytics/events", json=[7] * 3_000, headers=admin_key).status_code == 429
    assert [worker.throttle.shared for worker in workers] == [True, True]


def test_tries_to_sign_in_are_counted_together_and_still_counted_without_redis(
    workers: list[Any], redis: RedisServer
) -> None:
    one, other = map(client_of, workers)
    assert [_try(one) for _ in range(6)] == [401] * 6
    assert [_try(other) for _ in range(5)] == [401] * 4 + [429]
    redis.kill()
    assert [_try(other) for _ in range(11)] == [401] * 10 + [429]


def _try(client: Any) -> int:
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/login").text).group(1)
    return client.post("/login", data={"username": "admin", "password": "wrong", "csrf_token": token}).status_code


# Health.


def test_health_follows_redis_down_and_up(workers: list[Any], redis: RedisServer) -> None:
    client = client_of(workers[0])

    def status() -> tuple[int, str, str]:
        answer = client.get("/analytics/health")
        return answer.status_code, answer.get_json()["status"], answer.get_json()["services"]["redis"]

    for go, come in ((redis.kill, redis.start), (redis.pause, redis.resume), (redis.stop, redis.start)):
        assert status() == (200, "healthy", "healthy")
        go()
        until(lambda: status() == (200, "degraded", "degraded"))
        come()
        until(lambda: status() == (200, "healthy", "healthy"))


def test_what_one_worker_takes_in_every_worker_shows(workers: list[Any], admin_key: dict[str, str]) -> None:
    one, other = map(client_of, workers)
    for count in range(1, 4):
        assert one.post("/analytics/events", json=EVENT, headers=admin_key).status_code == 202
        assert [_shown(client, admin_key) for client in (other, one, other)] == [count] * 3


def _shown(client: Any, key: dict[str, str]) -> int:
    card = {"widget_id": "w", "widget_type": "metric_card", "config": {"query": QUERY}}
    read = client.post("/analytics/widgets/data", json={"widgets": [card]}, headers=key)
    return read.get_json()["widgets"]["w"]["data"]["value"]


def test_a_change_that_one_worker_commits_reaches_the_hub_of_the_other(
    workers: list[Any], redis: RedisServer, admin_key: dict[str, str]
) -> None:
    before = workers[1].hub.position()["seq"]
    assert client_of(workers[0]).post("/analytics/events", json=EVENT, headers=admin_key).status_code == 202
    until(lambda: workers[1].hub.position()["seq"] > before)


# At the start.


@pytest.mark.parametrize("url", ["redis://127.0.0.1:{port}/0", "redis://127.0.0.1:{port}/cache", "redis://h:p:q/0"])
def test_a_wrong_redis_url_stops_the_start_in_one_line(tmp_path: Path, url: str) -> None:
    environ = Server(tmp_path, environ={"REDIS_URL": url.format(port=free_port())}).settings()
    ended = subprocess.run(
        [sys.executable, str(ROOT / "app.py")], cwd=ROOT, env=environ, capture_output=True, text=True, timeout=60
    )
    assert ended.returncode != 0
    said = (ended.stdout + ended.stderr).strip().splitlines()
    assert len(said) == 1
    assert "REDIS_URL" in said[0]


def test_a_server_outlives_the_redis_it_started_with(
    redis: RedisServer, new_server: Callable[..., Server], admin_key: dict[str, str]
) -> None:
    import httpx

    server = new_server(REDIS_URL=redis.url).start()

    def health() -> str:
        return httpx.get(f"{server.url}/analytics/health", timeout=10).json()["status"]

    until(lambda: health() == "healthy")
    redis.kill()
    until(lambda: health() == "degraded")
    posted = httpx.post(f"{server.url}/analytics/events", json=EVENT, headers=server.headers, timeout=10)
    assert posted.status_code == 202
    redis.start()
    until(lambda: health() == "healthy")
    assert server.stop() == 0
