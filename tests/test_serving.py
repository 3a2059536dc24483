"""The real server: starts, says its secrets once, survives full sockets, and stops cleanly."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
import time
from collections.abc import Callable

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.conftest import ROOT, Server

NOON = "2026-03-01T12:00:00Z"


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


def test_behind_a_proxy_that_ends_tls_cookies_are_secure_and_its_origin_is_ours(server: Server) -> None:
    forwarded = {"X-Forwarded-Proto": "https", "Host": "pulse.example"}
    page = httpx.get(f"{server.url}/login", headers=forwarded)
    assert "Secure" in page.headers["set-cookie"]
    token = page.text.split('name="csrf_token" value="')[1].split('"')[0]
    form = {"username": "admin", "password": server.password, "csrf_token": token, "next": "/"}
    headers = {**forwarded, "Cookie": f"pulseboard_form={token}"}
    for origin, status in (("http://pulse.example", 403), ("https://pulse.example", 303)):
        signed = httpx.post(f"{server.url}/login", data=form, headers={**headers, "Origin": origin})
        assert signed.status_code == status


def test_a_store_that_cannot_be_made_ends_the_start_with_one_line(new_server: Callable[..., Server]) -> None:
    blocked = new_server(DATABASE_URL="sqlite:////proc/nowhere/pulseboard.sqlite3")
    ended = subprocess.run(
        [sys.executable, str(ROOT / "app.py")], env=blocked.settings(), capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == 2
    assert ended.stderr.splitlines() == ["DATABASE_URL: the store cannot be reached or written"]


def _socket(running: Server) -> connect:
    address = running.url.replace("http:", "ws:") + "/analytics/realtime/dashboard"
    return connect(address, additional_headers=running.headers)


def test_a_port_in_use_ends_the_start_with_one_line(server: Server, new_server: Callable[..., Server]) -> None:
    second = new_server(PORT=str(server.port))
    ended = subprocess.run(
        [sys.executable, str(ROOT / "app.py")], env=second.settings(), capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip
    assert ended.returncode == 2
    assert ended.stderr.strip() == f"PORT: cannot listen on 127.0.0.1:{server.port}: Address already in use"


def test_full_sockets_never_stop_http_and_a_stop_says_1012(new_server: Callable[..., Server]) -> None:
    running = new_server(WEBSOCKET_MAX_CONNECTIONS="4").start()
    with contextlib.ExitStack() as open_sockets:
        sockets = [open_sockets.enter_context(_socket(running)) for _ in range(4)]
        with pytest.raises(InvalidStatus) as caught, _socket(running):
            pass
        assert caught.value.response.status_code == 503
        assert caught.value.response.headers["Retry-After"]
        assert httpx.get(f"{running.url}/analytics/sites", headers=running.headers).status_code == 200
        begun = time.monotonic()
        assert running.stop() == 0
        assert time.monotonic() - begun < 8
        assert {_closing_code(socket) for socket in sockets} == {1012}


def _closing_code(socket: ClientConnection) -> int | None:
    with contextlib.suppress(ConnectionClosed):
        while True:
            socket.recv(timeout=5)
    return socket.close_code


def test_work_in_hand_is_finished_before_the_stop(server: Server) -> None:
    """Posts go on while the server is told to stop: whatever it answered 202 is there after the next start."""
    accepted: list[str] = []

    def post() -> None:
        with (
            httpx.Client(base_url=server.url, headers=server.headers) as till,
            contextlib.suppress(httpx.TransportError),
        ):
            for number in range(10_000):
                data = {"order_id": str(number), "total_amount": "1.00", "items_count": 1}
                event = {"id": str(number), "type": "order_completed", "occurred_at": NOON, "data": data}
                if till.post("/analytics/events", json=event).status_code != 202:
                    return
                accepted.append(str(number))

    poster = threading.Thread(target=post)
    poster.start()
    time.sleep(1)
    server.stop()
    poster.join()
    server.start()
    query = {"metric": "orders", "range": {"from": "2026-03-01T00:00:00Z", "to": "2026-03-02T00:00:00Z"}}
    body = {"widgets": [{"widget_id": "w", "widget_type": "metric_card", "config": {"query": query}}]}
    read = httpx.post(f"{server.url}/analytics/widgets/data", headers=server.headers, json=body).json()
    assert read["widgets"]["w"]["data"]["value"] in (len(accepted), len(accepted) + 1)
