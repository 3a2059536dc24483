"""The commands an operator types, as processes beside a real server that takes events in."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from services.storage.engine import Store
from tests.conftest import ROOT, Server
from tests.services.samples import line, order

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def run_job(environ: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "services.jobs", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=120)


@pytest.fixture
def job(server: Server) -> Run:
    """`job("verify")` on the server's store; the finished process."""
    return lambda *arguments, **environ: run_job({**server.settings(), **environ}, *arguments)


def post(server: Server, *events: Any) -> None:
    answer = httpx.post(f"{server.url}/analytics/events", json=events, headers=server.headers, timeout=30)
    assert answer.status_code == 202, answer.text


def orders(first: int, count: int) -> list[Any]:
    return [
        order(str(number), "10.00", f"2026-05-{1 + number % 28:02}T12:00:00Z", items=[line("Cola", "4.00")])
        for number in range(first, first + count)
    ]


def counted(server: Server) -> int:
    query = {"metric": "orders", "range": {"from": "2026-05-01T00:00:00Z", "to": "2026-06-01T00:00:00Z"}}
    card = {"widget_id": "w", "widget_type": "metric_card", "config": {"query": query}}
    answer = httpx.post(f"{server.url}/analytics/widgets/data", json={"widgets": [card]}, headers=server.headers)
    return int(answer.json()["widgets"]["w"]["data"]["value"])


@contextmanager
def taking_events(server: Server) -> Iterator[list[int]]:
    """Orders are posted one by one meanwhile; the numbers of those acknowledged."""
    stop, acknowledged = threading.Event(), list[int]()

    def run() -> None:
        number = 1_000
        while not stop.is_set():
            post(server, *orders(number, 1))
            acknowledged.append(number)
            number += 1

    till = threading.Thread(target=run)
    till.start()
    try:
        yield acknowledged
    finally:
        stop.set()
        till.join()


def spoil(server: Server, change: str) -> None:
    store = Store(server.database_url)
    with store.writing() as connection:
        assert connection.execute(text(change)).rowcount >= 1
    store.close()


def test_a_difference_is_told_and_mended_while_the_server_takes_events(server: Server, job: Run) -> None:
    post(server, *orders(0, 60))
    spoil(server, "UPDATE rollup_day SET orders = orders + 5 WHERE dimension = '' AND business_date = '2026-05-09'")
    assert counted(server) == 65
    with taking_events(server) as acknowledged:
        found = job("verify")
        assert found.returncode == 1
        assert "main rollup_day 2026-05-09 orders: the facts say" in found.stdout
        rebuilt = job("rebuild")
        assert (rebuilt.returncode, rebuilt.stdout) == (0, "rebuilt\n"), rebuilt.stderr
        assert "rebuilding main: 100%" in rebuilt.stderr
        verified = job("verify")
        assert verified.returncode == 0, verified.stdout
        assert "every rollup equals the recount of its facts" in verified.stdout
    assert len(acknowledged) > 10
    assert counted(server) == 60 + len(acknowledged)


def test_a_sample_is_taken_and_can_be_taken_again(server: Server, job: Run) -> None:
    post(server, *orders(0, 28))
    spoil(server, "UPDATE rollup_hour SET revenue = 1 WHERE dimension = ''")
    first = job("verify", "--sample", "3", "--seed", "11")
    assert first.returncode == 1
    assert "differences in 3 days, a sample (--seed 11)" in first.stdout
    assert job("verify", "--sample", "3", "--seed", "11").stdout == first.stdout


def test_a_backup_of_a_running_server_has_all_it_acknowledged_and_is_put_back_only_when_it_has_ended(
    server: Server, job: Run, tmp_path: Path
) -> None:
    post(server, *orders(0, 60))
    backup = str(tmp_path / "backup")
    with taking_events(server) as acknowledged:
        before = len(acknowledged)
        made = job("backup", backup)
        assert made.returncode == 0, made.stderr
    refused = job("restore", backup)
    assert (refused.returncode, "in use: stop the server" in refused.stderr) == (1, True)
    assert server.stop() == 0
    restored = job("restore", backup)
    assert restored.returncode == 0, restored.stderr
    assert "is kept as" in restored.stdout
    server.start()
    assert 60 + before <= counted(server) <= 60 + len(acknowledged)
    assert job("verify").returncode == 0


def test_a_store_whose_server_was_killed_is_backed_up_with_all_it_acknowledged(
    server: Server, job: Run, tmp_path: Path
) -> None:
    post(server, *orders(0, 10))
    server.kill()
    assert job("backup", str(tmp_path / "backup")).returncode == 0
    store = tmp_path / "elsewhere" / "store.sqlite3"
    there = {"DATABASE_URL": f"sqlite:///{store}"}
    assert job("restore", str(tmp_path / "backup"), **there).returncode == 0
    assert "every rollup equals" in job("verify", **there).stdout
    with_all = Server(tmp_path / "elsewhere", environ=there)
    try:
        assert counted(with_all.start()) == 10
    finally:
        with_all.kill()


@pytest.mark.parametrize("arguments", [("backup",), ("restore",), (), ("tidy",), ("verify", "--sample", "0")])
def test_a_command_that_is_none_says_how_it_is_used(arguments: tuple[str, ...]) -> None:
    refused = run_job({}, *arguments)
    assert (refused.returncode, "usage:" in refused.stderr) == (2, True)


@pytest.mark.parametrize(
    ("url", "arguments", "code", "said"),
    [
        ("sqlite:///{}/store.sqlite3", ("restore", "{}/nothing"), 1, "there is no file {}/nothing\n"),
        ("sqlite:///{}/store.sqlite3", ("backup", "{}/copy"), 1, "there is no store at {}/store.sqlite3\n"),
        ("mysql://till:secret@x/y", ("verify",), 2, "DATABASE_URL: must be"),
        ("postgresql://till:secret@127.0.0.1:1/board", ("verify",), 1, "the store cannot be reached now\n"),
        ("postgresql://till:secret@127.0.0.1:1/board", ("backup", "{}/copy"), 1, "pg_dump failed: "),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(
    tmp_path: Path, url: str, arguments: tuple[str, ...], code: int, said: str
) -> None:
    environ = {"PATH": os.environ["PATH"], "DATABASE_URL": url.format(tmp_path)}
    refused = run_job(environ, *(argument.format(tmp_path) for argument in arguments))
    assert (refused.returncode, refused.stderr.count("\n"), "secret" in refused.stderr) == (code, 1, False)
    assert refused.stderr.startswith(said.format(tmp_path))
