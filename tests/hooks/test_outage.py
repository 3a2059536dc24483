"""Callers killed and servers gone: what a hook took arrives, once, in order."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

import pulseboard_hooks
from services.storage import tables
from services.storage.engine import Store
from tests.conftest import Server
from tests.hooks.conftest import FakePulseboard
from tests.hooks.test_process import IMPORT, ROOT, run

ORDER = {"total_amount": "1.00", "items_count": 1}
CALLS = (
    IMPORT + "for number in range({0}, {1}):\n"
    "    order_completed(order_id=number, id=f'order-{{number}}', total_amount='1.00', items_count=1)\n"
    "    print(number, flush=True)\n"
)


@contextmanager
def caller(
    first: int, beyond: int, url: str, outbox: Path, key: str = "pb_test"
) -> Iterator[subprocess.Popen[str]]:
    """A process that calls a hook again and again, and tells of each call that has returned."""
    keys = {"PULSEBOARD_URL": url, "PULSEBOARD_API_KEY": key, "PULSEBOARD_OUTBOX": str(outbox)}
    program = CALLS.format(first, beyond) + "import time; time.sleep(60)\n"
    command = [sys.executable, "-c", program]
    with subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, **keys}, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def killed_after(number: int, process: subprocess.Popen[str]) -> int:
    """Kills it when that call has returned; the last call that is known to have returned."""
    assert process.stdout is not None
    for line in process.stdout:
        if int(line) >= number:
            process.send_signal(signal.SIGKILL)
            break
    return max([number, *(int(line) for line in process.stdout if line.endswith("\n"))])


def numbers(pulseboard: FakePulseboard) -> list[int]:
    return [int(event["data"]["order_id"]) for event in pulseboard.accepted.values()]


def test_ten_thousand_calls_without_a_server_and_a_kill_all_arrive_once_and_in_order(
    pulseboard: FakePulseboard, outbox: Path
) -> None:
    pulseboard.answers = [(503, {"Retry-After": "1"}, {})] * 1000
    with caller(0, 10_000, pulseboard.url, outbox) as process:
        last = killed_after(6_000, process)
    pulseboard.answers = []
    done = run(CALLS.format(10_000, 14_000) + "assert flush(60)\n", pulseboard.url, outbox)
    assert done.returncode == 0, done.stderr
    arrived = numbers(pulseboard)
    before = [number for number in arrived if number < 10_000]
    assert before == list(range(len(before)))
    assert len(before) > last
    assert arrived == [*before, *range(10_000, 14_000)]
    assert sum(map(len, pulseboard.requests)) == len(arrived)


def test_a_kill_between_the_servers_answer_and_its_booking_sends_the_same_ids_again(
    pulseboard: FakePulseboard, outbox: Path
) -> None:
    for round_ in range(3):
        first = round_ * 1000
        with caller(first, first + 1000, pulseboard.url, outbox) as process:
            killed_after(first + 300, process)
    done = run(IMPORT + "assert flush(60)\n", pulseboard.url, outbox)
    assert done.returncode == 0, done.stderr
    arrived = set(numbers(pulseboard))
    assert all(round_ * 1000 + number in arrived for round_ in range(3) for number in range(301))
    assert len(pulseboard.accepted) == len(arrived)


def test_living_processes_have_a_file_each_and_the_survivor_sends_what_the_dead_left(
    pulseboard: FakePulseboard, outbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pulseboard_hooks.outboxes.SCAN_SECONDS", 0.2)
    monkeypatch.setattr("pulseboard_hooks.sender.SCAN_SECONDS", 0.2)
    monkeypatch.setattr("pulseboard_hooks.sender.LONGEST_PAUSE", 0.2)
    monkeypatch.setenv("PULSEBOARD_URL", pulseboard.url)
    monkeypatch.setenv("PULSEBOARD_API_KEY", "pb_test")
    pulseboard.answers = [(503, {}, {})] * 100_000
    assert pulseboard_hooks.order_completed(order_id=1_000_000, **ORDER)
    with caller(0, 50, pulseboard.url, outbox) as one, caller(100, 150, pulseboard.url, outbox) as two:
        for process in (one, two):  # both live, and have made their call, before either is killed
            assert process.stdout is not None
            assert process.stdout.readline()
        killed_after(49, one)
        killed_after(149, two)
    assert sorted(path.name for path in outbox.parent.glob("*.sqlite3")) == [
        "waiting-1.sqlite3", "waiting-2.sqlite3", "waiting.sqlite3",
    ]  # fmt: skip
    pulseboard.answers = []
    pulseboard.wait_for(101, 30)
    assert sorted(numbers(pulseboard)) == [*range(50), *range(100, 150), 1_000_000]


def value_of(metric: str, server: Server) -> float:
    path = f"{server.url}/analytics/metrics/{metric}/current"
    return float(httpx.get(path, headers=server.headers, timeout=30).json()["value"])


def numbers_in_store(server: Server) -> list[int]:
    store = Store(server.database_url)
    with store.reading() as connection:
        found = sorted(int(number) for (number,) in connection.execute(select(tables.orders.c.order_id)))
    store.close()
    return found


def test_ten_thousand_calls_to_a_real_server_that_is_down_and_a_kill_are_all_counted_once(
    server: Server, outbox: Path
) -> None:
    server.kill()  # nobody listens now
    with caller(0, 10_000, server.url, outbox, server.key) as process:
        last = killed_after(5_000, process)
    server.start()
    done = run(CALLS.format(10_000, 15_000) + "assert flush(50)\n", server.url, outbox, server.key)
    assert done.returncode == 0, done.stderr
    counted = numbers_in_store(server)
    before = [number for number in counted if number < 10_000]
    assert before == list(range(len(before)))
    assert len(before) > last
    assert counted == [*before, *range(10_000, 15_000)]
    assert value_of("orders", server) == value_of("revenue", server) == len(counted)


def test_a_real_server_that_is_killed_and_comes_back_counts_everything_once(
    server: Server, outbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULSEBOARD_URL", server.url)
    monkeypatch.setenv("PULSEBOARD_API_KEY", server.key)
    monkeypatch.setattr("pulseboard_hooks.sender.LONGEST_PAUSE", 0.5)
    for number in range(300):
        assert pulseboard_hooks.order_completed(order_id=number, **ORDER)
        if number == 100:
            server.kill()
        if number % 20 == 0:
            time.sleep(0.01)
    server.start()
    assert pulseboard_hooks.flush(60)
    counts = pulseboard_hooks.counts()
    assert counts.accepted + counts.duplicates == 300
    assert value_of("orders", server) == 300
