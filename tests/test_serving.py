"""The real server: starts, says its secrets once, survives full sockets, and stops cleanly."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import httpx

from tests.conftest import ROOT, Server


def test_it_starts_on_an_empty_store_and_stops_within_its_grace(server: Server) -> None:
    answer = httpx.get(f"{server.url}/analytics/health")
    assert answer.status_code == 200
    assert answer.json()["status"] == "healthy"
    assert httpx.get(f"{server.url}/").headers["location"] == "/login"
    assert server.stop() == 0
    assert "Traceback" not in server.log.read_text()


def test_secrets_that_are_made_are_printed_once(new_server: Callable[..., Server]) -> None:
    first = new_server(BOOTSTRAP_ADMIN_PASSWORD="", BOOTSTRAP_API_KEY="")
    first.start()
    shown = [line.strip() for line in first.log.read_text().splitlines()]
    key = next(line.removeprefix("API key ") for line in shown if line.startswith("API key "))
    assert any(line.startswith("user admin, password ") for line in shown)
    headers = {"Authorization": f"Bearer {key}"}
    assert httpx.get(f"{first.url}/analytics/sites", headers=headers).status_code == 200
    first.stop()
    first.log.write_text("")
    first.start()
    assert "API key" not in first.log.read_text()
    assert httpx.get(f"{first.url}/analytics/sites", headers=headers).status_code == 200


def test_a_session_outlives_a_restart(new_server: Callable[..., Server]) -> None:
    running = new_server().start()
    with httpx.Client(base_url=running.url) as browser:
        page = browser.get("/login").text
        token = page.split('name="csrf_token" value="')[1].split('"')[0]
        form = {"username": "admin", "password": running.password, "csrf_token": token, "next": "/"}
        assert browser.post("/login", data=form).status_code == 303
        running.kill()
        running.start()
        assert browser.get("/analytics/sites").status_code == 200


def test_a_store_that_cannot_be_made_ends_the_start_with_one_line(new_server: Callable[..., Server]) -> None:
    blocked = new_server(DATABASE_URL="sqlite:////proc/nowhere/pulseboard.sqlite3")
    ended = subprocess.run(
        [sys.executable, str(ROOT / "app.py")], env=blocked.settings(), capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == 2
    assert ended.stderr.splitlines() == ["DATABASE_URL: the store cannot be reached or written"]
