"""One request to the server, and what its answer means for the events in it."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass, field

import httpx

from pulseboard_hooks.events import Event

_HELD = frozenset({401, 403, 404, 405, 407})  # the key or the address is wrong: for a person to put right
_LATER = frozenset({408, 425, 429})


class Outcome(enum.Enum):
    SETTLED = "settled"  # the server answered for every event
    LATER = "later"  # nothing was taken; the same request may succeed
    HELD = "held"  # nothing is taken until somebody changes a setting
    UNREADABLE = "unreadable"  # the request as a whole is refused: one event in it is to blame


@dataclass(frozen=True, slots=True)
class Verdict:
    outcome: Outcome
    reason: str = ""
    retry_after: float = 0.0
    accepted: int = 0
    duplicates: int = 0
    refused: dict[str, str] = field(default_factory=dict)  # event id → why


def deliver(client: httpx.Client, url: str, batch: Sequence[Event]) -> Verdict:
    """Posts the events in one request. Never raises for what a network or a server can do."""
    try:
        answer = client.post(
            url,
            content=b"\n".join(event.body for event in batch),
            headers={"Content-Type": "application/x-ndjson"},
        )
    except (httpx.HTTPError, httpx.StreamError, OSError) as error:
        return Verdict(Outcome.LATER, f"{type(error).__name__}: {error}")
    return _judge(answer, batch)


def _judge(answer: httpx.Response, batch: Sequence[Event]) -> Verdict:
    status, reason = answer.status_code, f"the server answered {answer.status_code}"
    results = _results(answer, len(batch)) if status in (200, 202, 207, 422) else None
    if results is not None:
        return _settled(results, batch)
    if status in _HELD or 300 <= status < 400:
        return Verdict(Outcome.HELD, reason)
    if status in _LATER or status >= 500 or status < 400:
        return Verdict(Outcome.LATER, reason, _seconds(answer.headers.get("Retry-After")))
    if len(batch) > 1:
        return Verdict(Outcome.UNREADABLE, reason)
    return Verdict(Outcome.SETTLED, refused={batch[0].id: reason})


def _results(answer: httpx.Response, count: int) -> list[dict[str, object]] | None:
    """The answer for each event; None where this is not the answer of a Pulseboard server."""
    try:
        body = answer.json()
    except ValueError:
        return None
    results = body.get("results") if isinstance(body, dict) else None
    if not isinstance(results, list) or len(results) != count:
        return None
    return results if all(isinstance(result, dict) for result in results) else None


def _settled(results: list[dict[str, object]], batch: Sequence[Event]) -> Verdict:
    statuses = [str(result.get("status")) for result in results]
    refused = {
        event.id: str(result.get("errors"))
        for event, result in zip(batch, results, strict=True)
        if result.get("status") not in ("accepted", "duplicate")
    }
    return Verdict(
        Outcome.SETTLED,
        accepted=statuses.count("accepted"),
        duplicates=statuses.count("duplicate"),
        refused=refused,
    )


def _seconds(value: str | None) -> float:
    """Retry-After in seconds; a date or nonsense is 0, and the sender's own pause counts."""
    try:
        return min(max(float(value or 0), 0.0), 300.0)
    except ValueError:
        return 0.0
