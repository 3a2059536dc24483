"""What can be told of Pulseboard, whether it answers or not."""

from __future__ import annotations

import asyncio
from pathlib import Path

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
    told = pulseboard_hooks.get_analytics_status(timeout=20)
    assert (told["status"], told["reachable"]) == ("healthy", True)
    assert pulseboard_hooks.flush(20)
    assert pulseboard_hooks.counts().accepted == 1
