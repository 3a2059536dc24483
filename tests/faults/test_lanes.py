"""Promise 5 and the lanes: what is urgent overtakes a backfill, and a full queue says so before it accepts anything."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import httpx
import pytest

from app import create_app
from services.container import WAITING_FOR_EACH_POST, Services, build
from services.events.lanes import Lane
from services.metrics import verify
from services.storage import locks, queue
from services.storage.engine import Store
from settings import Settings
from tests.conftest import Server
from tests.faults.cluster import Cluster
from tests.faults.figures import Json, ask, card
from tests.faults.test_store_trouble import CARD, batch, is_problem
from tests.faults.tills import new_site, post
from tests.services.samples import event, order

POSTERS = 4
IN_A_POST = 5_000


@contextmanager
def site_held(store: Store, site: str) -> Iterator[None]:
    """Somebody has the site's lock, and no processor can apply anything."""
    with store.writing() as connection:
        locks.hold_site(connection, site)
        yield


def backfill(server: Server, site: str) -> list[str]:
    events = [order(f"old-{number}", "1.00", site=site) for number in range(IN_A_POST)]
    for one in events:
        one["source"] = str(id(events))
    with httpx.Client(headers=server.headers, timeout=120) as client:
        return post(client, server, events, "backfill")


def now_and_urgent(site: str) -> list[Json]:
    paid = {"order_id": "1", "amount": "1.00", "payment_method": "card", "status": "success"}
    return [order("now", "1.00", site=site, staff_id="now"), event("payment_processed", paid, site=site)]


def shown_now(server: Server, site: str) -> bool:
    """Whether the live order and the payment are in the figures; the backfill's orders have no staff."""
    readings = ask(server, [card("payments", site), card("revenue", site, "bar_chart", ["staff"])])
    return readings["payments"]["data"]["value"] == 1 and "now" in readings["revenue by staff"]["data"]["labels"]


def orders(server: Server, site: str) -> float | None:
    value: float | None = ask(server, [card("orders", site)])["orders"]["data"]["value"]
    return value


def test_on_postgresql_what_is_live_or_urgent_is_shown_while_a_backfill_still_waits(cluster: Cluster) -> None:
    server = cluster.servers[0]
    site = new_site(server, "rush")
    store = Store(cluster.database_url)
    with site_held(store, site):
        assert set(backfill(server, site)) == {"accepted"}
        assert set(backfill(server, site)) == {"accepted"}
        with httpx.Client(headers=server.headers, timeout=20) as client:
            assert post(client, server, now_and_urgent(site)) == ["accepted", "accepted"]
    while not shown_now(server, site):
        time.sleep(0.01)
    with store.reading() as connection:
        assert queue.backlog(connection).events[Lane.BACKFILL] > IN_A_POST / 2
    deadline = time.monotonic() + 60
    while orders(server, site) != IN_A_POST + 1:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert verify.differences(store) == []
    store.close()


def test_on_sqlite_what_is_live_or_urgent_is_shown_while_a_backfill_still_waits(server: Server) -> None:
    site = new_site(server, "rush")
    with ThreadPoolExecutor(POSTERS) as pool, httpx.Client(headers=server.headers, timeout=20) as client:
        posts: list[Future[list[str]]] = [pool.submit(backfill, server, site) for _ in range(POSTERS)]
        while orders(server, site) == 0:
            assert not all(one.done() for one in posts)
            time.sleep(0.005)
        assert post(client, server, now_and_urgent(site)) == ["accepted", "accepted"]
        assert shown_now(server, site)
        assert not all(one.done() for one in posts)
        assert {status for one in posts for status in one.result()} == {"accepted"}
    assert orders(server, site) == IN_A_POST + 1


MAY_WAIT = 4
SIZE = 40


@pytest.fixture
def narrow(pg_settings: Settings) -> Iterator[Services]:
    """Services on PostgreSQL in which the events of few posts may wait to be applied."""
    built = build(replace(pg_settings, event_queue_size=MAY_WAIT))
    built.start()
    yield built
    built.stop()


def test_on_postgresql_a_full_queue_is_said_before_anything_is_accepted(
    narrow: Services, admin_key: dict[str, str]
) -> None:
    client = create_app(narrow.settings, narrow).server.test_client()

    def send(number: int) -> Any:
        return client.post("/analytics/events", json=batch(number * SIZE, SIZE), headers=admin_key)

    refused = []
    with site_held(narrow.store, "main"):
        for number in range(40):
            answer = send(number)
            if answer.status_code == 503:
                assert is_problem(answer)
                assert answer.get_json()["code"] == "queue_full"
                refused.append(number)
            else:
                assert answer.get_json()["accepted"] == SIZE
            time.sleep(0.05)
        with narrow.store.reading() as connection:
            waiting = queue.backlog(connection).events[Lane.LIVE]
    assert len(refused) > 20
    assert waiting == (40 - len(refused)) * SIZE
    assert waiting >= WAITING_FOR_EACH_POST * MAY_WAIT

    for number in refused:
        while (answer := send(number)).status_code == 503:
            time.sleep(0.05)
        assert answer.get_json()["accepted"] == SIZE
    deadline = time.monotonic() + 30
    value = None
    while value != 40 * SIZE:
        assert time.monotonic() < deadline, value
        reading = client.post("/analytics/widgets/data", json={"widgets": [CARD]}, headers=admin_key)
        value = reading.get_json()["widgets"]["w"]["data"]["value"]
    assert verify.differences(narrow.store) == []
