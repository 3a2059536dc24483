"""How Pulseboard is, asked over the network, and how this process's outbox is."""

from __future__ import annotations

import asyncio
import dataclasses
from datetime import UTC, datetime

import httpx

from pulseboard_hooks.connection import connect
from pulseboard_hooks.process import Process, current

STATUS_PATH = "/analytics/status"
HEALTH_PATH = "/analytics/health"
PATIENCE_SECONDS = 2.0


def get_analytics_status(*, timeout: float = PATIENCE_SECONDS) -> dict[str, object]:
    """What the server tells of itself, with `status`, `reachable`, `detail`, `outbox` and `last_check` in any case.

    `status`: healthy, degraded or unhealthy, as the server says; `unreachable`; `unknown` where something answers that
    does not say; `off` without a server in the settings. `outbox` has the counts of this process.
    The one call that waits for the network, `timeout` seconds at most for each step of it: it is a question.
    Errors: none.
    """
    process = current()
    told: dict[str, object] = {"status": "off", "reachable": False, "detail": "PULSEBOARD_URL is not set"}
    if not process.settings.off:
        told = _asked(process, timeout)
    waiting = dataclasses.asdict(process.tally.counts(len(process.boxes)))
    outbox = {**waiting, "bytes": process.boxes.size, "file": process.boxes.where}
    return {**told, "outbox": outbox, "last_check": datetime.now(UTC).isoformat()}


async def get_analytics_status_async(*, timeout: float = PATIENCE_SECONDS) -> dict[str, object]:
    """As `get_analytics_status`, in a thread."""
    return await asyncio.to_thread(get_analytics_status, timeout=timeout)


def _asked(process: Process, timeout: float) -> dict[str, object]:
    with process.unforked:
        client = connect(process.settings, timeout)
    try:
        with client:
            status, detail = _read(client, process.settings.url + STATUS_PATH)
            health = status or _read(client, process.settings.url + HEALTH_PATH)[0]
    except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, OSError) as error:
        return {"status": "unreachable", "reachable": False, "detail": f"{type(error).__name__}: {error}"}
    return {**status, "status": health.get("status", "unknown"), "reachable": True, "detail": detail}


def _read(client: httpx.Client, url: str) -> tuple[dict[str, object], str | None]:
    """The object that is answered, with its status in words; an empty one, with the reason, where there is none."""
    answer = client.get(url, headers={"Accept": "application/json"})
    try:
        told = answer.json() if answer.status_code in (200, 503) else None
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict) or not isinstance(told.get("status"), str):  # a problem's status is a number
        return {}, f"{STATUS_PATH} answers {answer.status_code}: no more is told"
    return told, None
