"""What can be told of Pulseboard, whether it answers or not."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

import pulseboard_hooks
from tests.conftest import Server, free_port


def test_without_a_server_in_the_settings_it_is_off(outbox: Path) -> None:
    told = pulseboard_hooks.get_analytics_status()
    assert (told["status"], told["reachable"]) == ("off", False)


def test_a_server_that_does_not_answer_is_unreachable_and_the_outbox_is_counted(
    outbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULSEBOARD_URL", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("PULSEBOARD_API_KEY", "pb_test")
    pulseboard_hooks.system_event(event_type="e", message="m", severity="low")
    told = asyncio.run(pulseboard_hooks.get_analytics_status_async())
    assert (told["status"], told["reachable"]) == ("unreachable", False)
    waits = told["outbox"]
    assert isinstance(waits, dict)
    assert (waits["queued"], waits["file"]) == (1, str(outbox))
    assert waits["bytes"] > 0


def test_a_real_server_says_how_it_is(server: Server, outbox: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULSEBOARD_URL", server.url)
    monkeypatch.setenv("PULSEBOARD_API_KEY", server.key)
    pulseboard_hooks.refresh_dashboards()
    assert pulseboard_hooks.flush(20)
    assert pulseboard_hooks.counts().accepted == 1
    pulseboard_hooks.system_event(event_type="e", message="m", severity="low")
    assert pulseboard_hooks.flush(20)
    told: dict[str, Any] = pulseboard_hooks.get_analytics_status(timeout=20)
    assert (told["status"], told["reachable"], told["detail"]) == ("healthy", True, None)
    assert (told["events"]["accepted"], told["events"]["dead_letters"]) == (1, 0)
    assert told["connections"]["connections"] == 0
    assert told["cache"]["hit_rate"] is None
    assert told["errors"]["failed"] == 0
    assert isinstance(told["jobs"], list)
    assert told["outbox"]["accepted"] == 2


def test_a_key_that_may_not_ask_hears_of_health_alone(
    server: Server, outbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULSEBOARD_URL", server.url)
    monkeypatch.setenv("PULSEBOARD_API_KEY", "pb_nobody")
    told = pulseboard_hooks.get_analytics_status(timeout=20)
    assert (told["status"], told["reachable"]) == ("healthy", True)
    assert told["detail"] == "/analytics/status answers 401: no more is told"
    assert "events" not in told


def test_a_server_whose_store_is_away_is_unhealthy_and_its_problem_is_no_status(
    outbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    problem = {"type": "about:blank", "title": "Service Unavailable", "status": 503, "code": "store_unavailable"}
    answers = {
        "/analytics/status": ("application/problem+json", problem),
        "/analytics/health": ("application/json", {"status": "unhealthy", "services": {"store": "unhealthy"}}),
    }
    with answering(answers) as url:
        monkeypatch.setenv("PULSEBOARD_URL", url)
        monkeypatch.setenv("PULSEBOARD_API_KEY", "pb_test")
        told = pulseboard_hooks.get_analytics_status()
    assert (told["status"], told["reachable"]) == ("unhealthy", True)
    assert told["detail"] == "/analytics/status answers 503: no more is told"
    assert "code" not in told


@contextlib.contextmanager
def answering(answers: dict[str, tuple[str, dict[str, Any]]]) -> Iterator[str]:
    """The address of a server that answers 503 to everything, as it is told."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kind, data = answers[self.path]
            body = json.dumps(data).encode()
            self.send_response(503)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()
