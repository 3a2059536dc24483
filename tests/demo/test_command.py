"""`make demo`'s command in a process of its own, and its past in a real store."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from demo import progress
from demo.__main__ import PASSWORD, post_history
from demo.history import SITE
from services.importing.posting import Client
from tests.conftest import Server, free_port

ROOT = Path(__file__).parents[2]


def orders_of_three_months(server: Server) -> Any:
    config = {"query": {"metric": "orders", "range": "last_90_days"}}
    body = {"widgets": [{"widget_id": "orders", "widget_type": "metric_card", "config": config}]}
    answer = httpx.post(f"{server.url}/analytics/widgets/data", json=body, headers=server.headers, timeout=30)
    return answer.json()["widgets"]["orders"]["data"]["value"]


def test_a_restart_does_not_double_the_past(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "HISTORY", timedelta(days=2))
    store = tmp_path / "demo.sqlite3"
    store.touch()
    with Client(server.url, server.key) as client:
        zone = ZoneInfo(client.sites()[SITE]["tz"])
        first = post_history(client, progress.Progress(store), zone)
        assert first.accepted > 1000
        assert first.rejected == 0
        counted = orders_of_three_months(server)
        assert post_history(client, progress.Progress(store), zone).accepted < 20
        (tmp_path / "demo.progress.json").unlink()
        lost = post_history(client, progress.Progress(store), zone)
    assert lost.duplicates >= first.accepted
    assert lost.accepted < 20
    assert abs(orders_of_three_months(server) - counted) < 20


def test_the_demo_shows_where_to_sign_in_and_ends_with_its_server_on_ctrl_c(tmp_path: Path) -> None:
    port = free_port()
    environ = {"PATH": os.environ["PATH"], "PORT": str(port), "PYTHONPATH": str(ROOT), "SITE_TZ": "Europe/Vienna"}
    with (tmp_path / "out.txt").open("wb") as out:
        demo = subprocess.Popen([sys.executable, "-m", "demo"], cwd=tmp_path, env=environ, stdout=out, stderr=out)
    try:
        shown = wait_for(tmp_path / "out.txt", "password:")
        assert f"http://127.0.0.1:{port}" in shown
        assert PASSWORD in shown
        assert httpx.get(f"http://127.0.0.1:{port}/login", timeout=10).status_code == 200
        wait_for(tmp_path / "out.txt", "history:")
        demo.send_signal(signal.SIGINT)
        assert demo.wait(40) == 0
    finally:
        demo.terminate()  # nothing, if it has ended; its server ends with it
        demo.wait(40)
    assert "Traceback" not in (tmp_path / "out.txt").read_text()
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://127.0.0.1:{port}/login", timeout=5)
    assert (tmp_path / "var" / "demo.sqlite3").exists()


def wait_for(path: Path, words: str, seconds: float = 60) -> str:
    deadline = time.monotonic() + seconds
    while words not in (text := path.read_text(errors="replace")):
        assert time.monotonic() < deadline, text
        time.sleep(0.1)
    return text
