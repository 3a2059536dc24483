"""Calls of the hooks against a real HTTP server."""

from __future__ import annotations

import asyncio
import inspect
import logging
import statistics
import time
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import pulseboard_hooks
from services import hooks as handed_on
from tests.hooks.conftest import FakePulseboard

ORDER: dict[str, Any] = {"total_amount": Decimal("10.00"), "items_count": 1}


def test_an_order_arrives_with_the_key_and_its_fields(hooked: FakePulseboard) -> None:
    event_id = pulseboard_hooks.order_completed(
        order_id="81723", **ORDER, channel="dine_in", table_no=4, site="main", mood="sunny"
    )
    assert pulseboard_hooks.flush(5)
    assert hooked.keys == ["Bearer pb_test"]
    event = hooked.accepted[str(event_id)]
    assert event["type"] == "order_completed"
    assert event["data"] == {
        "order_id": "81723", "total_amount": "10.00", "items_count": 1, "channel": "dine_in", "table_no": 4,
        "mood": "sunny",
    }  # fmt: skip
    assert pulseboard_hooks.counts().accepted == 1


def test_the_async_twin_and_the_older_names_do_the_same(hooked: FakePulseboard) -> None:
    done_at = datetime(2026, 3, 1, 12, tzinfo=UTC)

    async def calls() -> None:
        await pulseboard_hooks.order_completed_async(order_id="1", **ORDER)
        await pulseboard_hooks.order_completed_hook(2, 7, None, Decimal("5.5"), 2, completed_at=done_at)
        pulseboard_hooks.order_completed_sync(order_id=3, staff_id=7, customer_id=1, total_amount=1.1, items_count=1)

    asyncio.run(calls())
    pulseboard_hooks.order_completed_sync(4, 7, 19, 12.5, 3, 11)
    assert pulseboard_hooks.flush(5)
    data = {str(event["data"]["order_id"]): event for event in hooked.accepted.values()}
    assert sorted(data) == ["1", "2", "3", "4"]
    assert data["2"]["occurred_at"] == "2026-03-01T12:00:00+00:00"
    assert data["4"]["data"] == {
        "order_id": 4, "staff_id": 7, "customer_id": 19, "total_amount": "12.5", "items_count": 3, "table_no": 11,
    }  # fmt: skip


def test_async_twins_are_coroutine_functions_and_services_hand_all_on() -> None:
    assert inspect.iscoroutinefunction(pulseboard_hooks.order_completed_async)
    assert inspect.iscoroutinefunction(pulseboard_hooks.order_completed_hook)
    assert set(handed_on.__all__) == set(pulseboard_hooks.__all__)
    assert all(getattr(handed_on, name) is getattr(pulseboard_hooks, name) for name in handed_on.__all__)


def test_wrong_arguments_are_logged_and_counted_and_never_raise(
    hooked: FakePulseboard, caplog: pytest.LogCaptureFixture
) -> None:
    wrong = pulseboard_hooks.order_completed
    assert wrong() is None
    assert wrong(1, 2) is None
    assert wrong(order_id="1", total_amount=float("nan"), items_count=1) is None
    assert wrong(order_id="1", total_amount=object(), items_count=1) is None
    assert wrong(order_id="1", **ORDER, note=object()) is None
    assert pulseboard_hooks.order_completed_sync() is None
    assert asyncio.run(pulseboard_hooks.order_completed_hook(1)) is None
    assert pulseboard_hooks.counts().refused == 7
    assert caplog.text.count("an event was not sent") == 7


def test_without_settings_an_event_is_dropped_with_a_line_that_names_the_key(
    outbox: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("PULSEBOARD_API_KEY", "pb_test")
    assert pulseboard_hooks.order_completed(order_id="1", **ORDER) is None
    assert "PULSEBOARD_URL" in caplog.text
    assert pulseboard_hooks.counts().dropped == 1
    assert not outbox.exists()


def test_a_call_returns_at_once_while_the_server_stalls(hooked: FakePulseboard) -> None:
    hooked.stall.clear()
    times = []
    for number in range(500):
        began = time.perf_counter()
        pulseboard_hooks.order_completed(order_id=number, **ORDER)
        times.append(time.perf_counter() - began)
    assert statistics.median(times) < 0.005  # 0.03 ms on a machine with nothing else to do
    hooked.stall.set()
    hooked.wait_for(500)


def test_waiting_events_share_a_request(hooked: FakePulseboard) -> None:
    hooked.stall.clear()
    for number in range(1200):
        pulseboard_hooks.order_completed(order_id=number, **ORDER)
    hooked.stall.set()
    hooked.wait_for(1200)
    assert len(hooked.requests) <= 5
    assert max(map(len, hooked.requests)) == 500


def test_an_ill_server_is_asked_again_with_the_same_ids(hooked: FakePulseboard) -> None:
    hooked.answers = [
        (503, {"Retry-After": "0.1"}, {}), (429, {}, {}), (500, {}, {}), (200, {}, "a portal's page"), (202, {}, {}),
    ]  # fmt: skip
    event_id = pulseboard_hooks.order_completed(order_id="1", **ORDER)
    hooked.wait_for(1, 30)
    assert list(hooked.accepted) == [event_id]
    assert pulseboard_hooks.flush(2)
    assert pulseboard_hooks.counts().retries == 5


def test_a_pause_that_the_server_asks_for_is_kept(hooked: FakePulseboard) -> None:
    hooked.answers = [(503, {"Retry-After": "1"}, {})]
    began = time.monotonic()
    pulseboard_hooks.order_completed(order_id="1", **ORDER)
    hooked.wait_for(1)
    assert time.monotonic() - began >= 1


def test_a_refused_event_is_logged_and_its_neighbours_arrive(
    hooked: FakePulseboard, caplog: pytest.LogCaptureFixture
) -> None:
    hooked.judge = lambda event: "invalid" if event["data"]["order_id"] == 3 else None
    hooked.stall.clear()
    for number in range(6):
        pulseboard_hooks.order_completed(order_id=number, **ORDER)
    hooked.stall.set()
    assert pulseboard_hooks.flush(5)
    assert len(hooked.accepted) == 5
    assert pulseboard_hooks.counts().refused == 1
    assert "refuses event" in caplog.text
    assert "invalid" in caplog.text


def test_a_request_refused_as_a_whole_is_halved_down_to_the_event_to_blame(
    hooked: FakePulseboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    behave = hooked.answer

    def answer(key: str, path: str, body: bytes):
        return (413, {}, {}) if b'"order_id":5,' in body else behave(key, path, body)

    monkeypatch.setattr(hooked, "answer", answer)
    hooked.stall.clear()
    for number in range(9):
        pulseboard_hooks.order_completed(order_id=number, **ORDER)
    hooked.stall.set()
    assert pulseboard_hooks.flush(10)
    assert sorted(event["data"]["order_id"] for event in hooked.accepted.values()) == [0, 1, 2, 3, 4, 6, 7, 8]
    assert pulseboard_hooks.counts().refused == 1


def test_a_wrong_key_holds_the_events_back_and_says_so(
    hooked: FakePulseboard, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pulseboard_hooks.sender.LONGEST_PAUSE", 0.2)
    hooked.answers = [(401, {}, {})] * 2
    with caplog.at_level(logging.ERROR):
        pulseboard_hooks.order_completed(order_id="1", **ORDER)
        hooked.wait_for(1)
    assert "the server answered 401" in caplog.text
    assert pulseboard_hooks.flush(2)
    assert pulseboard_hooks.counts().dropped == 0


def test_a_full_outbox_drops_the_newest_with_a_count_and_a_line(
    hooked: FakePulseboard, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULSEBOARD_OUTBOX_MAX_EVENTS", "10")
    hooked.stall.clear()
    ids = [pulseboard_hooks.order_completed(order_id=number, **ORDER) for number in range(25)]
    assert all(ids[:10])
    assert ids[10:] == [None] * 15
    assert pulseboard_hooks.counts().dropped == 15
    assert "is full: 10 events wait in it" in caplog.text
    hooked.stall.set()
    hooked.wait_for(10)
    assert list(hooked.accepted) == ids[:10]


def test_an_outbox_is_bounded_in_bytes_too(hooked: FakePulseboard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULSEBOARD_OUTBOX_MAX_MB", "1")
    hooked.stall.clear()
    taken = [pulseboard_hooks.order_completed(order_id=n, **ORDER, note="x" * 200_000) is not None for n in range(8)]
    assert taken == [True] * 5 + [False] * 3
    hooked.stall.set()
    hooked.wait_for(5)
