"""A store that is locked or has no room left: posts are refused with a time to come back, and nothing is lost."""

from __future__ import annotations

import resource
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import event

from services.metrics import verify
from services.storage.engine import Store
from tests.conftest import Server
from tests.services.samples import MARCH, Json, order

PATIENCE = 0.2
CARD = {"widget_id": "w", "widget_type": "metric_card", "config": {"query": {"metric": "revenue", "range": MARCH}}}


def batch(first: int, count: int) -> list[Json]:
    """Orders of 1.00 each."""
    return [order(str(number), "1.00", id=f"order-{number}") for number in range(first, first + count)]


def is_problem(answer: Any) -> bool:
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) >= 1
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert "sqlite" not in answer.text
    return True


# Locked.


@pytest.fixture
def hasty(services: Any) -> Any:
    """The services, whose store waits a short time for a lock."""

    def be_hasty(raw: sqlite3.Connection, *_: object) -> None:
        raw.execute(f"PRAGMA busy_timeout={int(PATIENCE * 1000)}")

    event.listen(services.store.engine, "checkout", be_hasty)
    return services


@pytest.fixture
def post(hasty: Any, app: Any, admin_key: dict[str, str]) -> Callable[[list[Json]], Any]:
    return lambda events: app.server.test_client().post("/analytics/events", json=events, headers=admin_key)


@pytest.fixture
def revenue(app: Any, admin_key: dict[str, str]) -> Callable[[], tuple[float, str]]:
    """The figure as the API gives it, and whether it says that it is stale."""

    def read() -> tuple[float, str]:
        answer = app.server.test_client().post("/analytics/widgets/data", json={"widgets": [CARD]}, headers=admin_key)
        reading = answer.get_json()["widgets"]["w"]
        return reading["data"]["value"], reading["cache_status"]

    return read


@contextmanager
def locked(services: Any) -> Iterator[sqlite3.Connection]:
    """Somebody else holds the lock for writing."""
    another = sqlite3.connect(services.store.engine.url.database, isolation_level=None, check_same_thread=False)
    another.execute("BEGIN IMMEDIATE")
    try:
        yield another
    finally:
        another.close()


def test_while_the_store_is_locked_posts_are_refused_and_figures_are_still_read(
    hasty: Any, post: Callable[[list[Json]], Any], revenue: Callable[[], tuple[float, str]]
) -> None:
    assert post(batch(0, 10)).status_code == 202
    with locked(hasty):
        with ThreadPoolExecutor(12) as pool:
            answers = list(pool.map(lambda number: post(batch(number * 10, 10)), range(1, 13)))
        assert all(is_problem(answer) for answer in answers)
        assert revenue() == (10.0, "fresh")
        assert revenue() == (10.0, "cached")
    for number in range(1, 13):
        assert post(batch(number * 10, 10)).get_json()["accepted"] == 10
    assert revenue()[0] == 130.0
    assert verify.differences(hasty.store) == []


def test_a_lock_that_is_let_go_in_time_costs_nothing_but_time(hasty: Any, post: Callable[[list[Json]], Any]) -> None:
    with locked(hasty) as another:
        letting_go = threading.Timer(PATIENCE / 2, another.rollback)
        letting_go.start()
        assert post(batch(0, 10)).status_code == 202
        letting_go.join()


def test_other_changes_are_refused_the_same_way(
    hasty: Any, client: Any, admin_key: dict[str, str], signed_in: Callable[..., dict[str, str]]
) -> None:
    headers = signed_in("admin")
    with locked(hasty):
        assert is_problem(client.put("/analytics/sites/bar", json={"name": "Bar"}, headers=admin_key))
        assert is_problem(client.post("/analytics/cache/invalidate", json={}, headers=admin_key))
        assert is_problem(client.post("/analytics/dashboards", json={"name": "D", "widgets": []}, headers=headers))
        assert client.get("/analytics/sites", headers=admin_key).status_code == 200
    assert client.put("/analytics/sites/bar", json={"name": "Bar"}, headers=admin_key).status_code in (200, 201)


# No room left.


def files_of(server: Server) -> list[Path]:
    return sorted(server.directory.glob("pulseboard.sqlite3*"))


def let_files_grow_by(server: Server, more: int | None) -> None:
    """As if the disk had so many bytes left: no file of the server may become larger. None: as many as it likes."""
    assert server.process is not None
    master = server.process.pid
    limit = resource.RLIM_INFINITY if more is None else max(file.stat().st_size for file in files_of(server)) + more
    for process in (master, *map(int, Path(f"/proc/{master}/task/{master}/children").read_text().split())):
        _, most = resource.prlimit(process, resource.RLIMIT_FSIZE)
        resource.prlimit(process, resource.RLIMIT_FSIZE, (limit, most))


def orders(server: Server) -> float:
    card = {**CARD, "config": {"query": {"metric": "orders", "range": MARCH}}}
    answer = httpx.post(f"{server.url}/analytics/widgets/data", json={"widgets": [card]}, headers=server.headers)
    reading = answer.json()["widgets"]["w"]
    assert reading["cache_status"] in ("fresh", "cached")
    return float(reading["data"]["value"])


def test_with_no_room_left_nothing_acknowledged_is_lost_and_service_resumes_by_itself(server: Server) -> None:
    with httpx.Client(base_url=server.url, headers=server.headers, timeout=30) as client:

        def send(first: int, count: int) -> httpx.Response:
            return client.post("/analytics/events", json=batch(first, count))

        assert send(0, 100).status_code == 202
        kept, refused = 100, 0
        let_files_grow_by(server, 400_000)
        deadline = time.monotonic() + 60
        while refused < 5:
            assert time.monotonic() < deadline
            answer = send(kept, 100)
            if answer.status_code == 202:
                assert answer.json()["accepted"] == 100
                kept += 100
            else:
                refused += is_problem(answer)
        assert kept > 100
        assert orders(server) == kept
        assert httpx.get(f"{server.url}/analytics/health/live").status_code == 200

        let_files_grow_by(server, None)
        answer = send(0, kept + 100)
        assert (answer.json()["accepted"], answer.json()["duplicates"]) == (100, kept)
        assert orders(server) == kept + 100

        let_files_grow_by(server, 20_000)
        assert is_problem(send(kept + 100, 1_000))
        server.kill()
    server.start()
    assert orders(server) == kept + 100
    assert send_again(server, kept + 100, 1_000) == 1_000
    store = Store(server.database_url)
    assert verify.differences(store) == []
    store.close()


def send_again(server: Server, first: int, count: int) -> int:
    answer = httpx.post(f"{server.url}/analytics/events", json=batch(first, count), headers=server.headers, timeout=30)
    return int(answer.json()["accepted"])
