"""`POST /analytics/events` by HTTP; what intake makes of the items is tested with it."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from app import create_app
from services.access.throttle import SMALLEST_BURST, InProcessThrottle

pytestmark = pytest.mark.stores("sqlite", "postgresql")

EVENT = {
    "id": "orders-1",
    "type": "order_completed",
    "occurred_at": "2026-03-01T12:30:05+01:00",
    "data": {"order_id": "1", "total_amount": "42.50", "items_count": 3},
}


def test_an_accepted_event_is_in_the_next_figure(
    client: Any, admin_key: dict[str, str], post_order: Callable[..., Any]
) -> None:
    answer = post_order()
    assert answer.status_code == 202
    assert answer.get_json() == {
        "accepted": 1,
        "duplicates": 0,
        "rejected": 0,
        "results": [{"index": 0, "id": "orders-1", "status": "accepted"}],
    }
    query = {"metric": "revenue", "range": {"from": "2026-03-01T00:00:00Z", "to": "2026-03-02T00:00:00Z"}}
    card = {"widget_id": "w", "widget_type": "metric_card", "config": {"query": query}}
    read = client.post("/analytics/widgets/data", json={"widgets": [card]}, headers=admin_key)
    assert read.get_json()["widgets"]["w"]["data"]["value"] == 42.5


def test_the_same_again_is_a_duplicate_and_another_content_is_a_conflict(
    client: Any, post_order: Callable[..., Any]
) -> None:
    post_order()
    assert post_order().get_json()["duplicates"] == 1
    refused = post_order(total_amount="43.00")
    assert refused.status_code == 422
    assert refused.get_json()["results"][0]["errors"][0]["code"] == "conflict"


def test_good_and_bad_items_get_their_own_answers(client: Any, admin_key: dict[str, str]) -> None:
    bad = {**EVENT, "data": {**EVENT["data"], "total_amount": "-1"}}
    answer = client.post("/analytics/events", json=[EVENT, bad, 7], headers=admin_key)
    assert answer.status_code == 207
    results = answer.get_json()["results"]
    assert [result["status"] for result in results] == ["accepted", "rejected", "rejected"]
    assert results[1]["errors"][0]["pointer"] == "/data/total_amount"


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_lines_and_gzip_are_taken(client: Any, admin_key: dict[str, str], encoding: str) -> None:
    lines = "\n".join(json.dumps({**EVENT, "id": str(number)}) for number in range(3)).encode()
    body = gzip.compress(lines) if encoding == "gzip" else lines
    headers = {**admin_key, "Content-Encoding": encoding}
    answer = client.post("/analytics/events", data=body, content_type="application/x-ndjson", headers=headers)
    assert answer.status_code == 202
    assert answer.get_json()["accepted"] == 3


@pytest.mark.parametrize(
    ("body", "kind", "encoding", "status"),
    [
        (b"{", "application/json", None, 400),
        (b"", "application/json", None, 400),
        (b"[]", "application/json", None, 422),
        (b"{}", "text/xml", None, 415),
        (b"{}", "application/json", "br", 415),
        (b"no gzip", "application/json", "gzip", 400),
        (b" " * (8 * 1024 * 1024 + 1), "application/json", None, 413),
        (gzip.compress(b" " * (9 * 1024 * 1024)), "application/json", "gzip", 413),
    ],
)
def test_a_bad_body_is_a_problem(
    client: Any, admin_key: dict[str, str], body: bytes, kind: str, encoding: str | None, status: int
) -> None:
    headers = {**admin_key, **({"Content-Encoding": encoding} if encoding else {})}
    answer = client.post("/analytics/events", data=body, content_type=kind, headers=headers)
    assert answer.status_code == status
    assert answer.content_type == "application/problem+json"


def test_the_source_is_the_key_s_name_and_the_sites_are_the_key_s(
    client: Any, key_of: Callable[..., dict[str, str]], admin_key: dict[str, str]
) -> None:
    till = key_of("write_events", name="till-3", sites=["main"])
    assert client.post("/analytics/events", json=EVENT, headers=till).get_json()["accepted"] == 1
    assert client.post("/analytics/events", json={**EVENT, "source": "till-3"}, headers=till).get_json()["duplicates"]
    client.put("/analytics/sites/bar", json={"name": "Bar"}, headers=admin_key)
    refused = client.post("/analytics/events", json={**EVENT, "site": "bar"}, headers=till)
    assert refused.status_code == 422


def test_an_unknown_mode_is_refused(client: Any, admin_key: dict[str, str]) -> None:
    assert client.post("/analytics/events?mode=backfill", json=EVENT, headers=admin_key).status_code == 202
    assert client.post("/analytics/events?mode=fast", json=EVENT, headers=admin_key).status_code == 422


def test_a_key_over_its_rate_waits(services: Any, settings: Any, admin_key: dict[str, str]) -> None:
    slow = replace(services, throttle=InProcessThrottle(10))
    client = create_app(slow.settings, slow).server.test_client()
    burst = [7] * SMALLEST_BURST
    assert client.post("/analytics/events", json=burst, headers=admin_key).status_code == 422
    refused = client.post("/analytics/events", json=burst, headers=admin_key)
    assert refused.status_code == 429
    assert 490 <= int(refused.headers["Retry-After"]) <= SMALLEST_BURST // 10
