"""One request to the server, and what its answer means for the events in it."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass

import httpx

from pulseboard_hooks.events import EVENT, Event

EVENTS_PATH = "/analytics/events"
INVALIDATE_PATH = "/analytics/cache/invalidate"

_HELD = frozenset({401, 403, 404, 405, 407})  # the key or the address is wrong: for a person to put right
_LATER = frozenset({408, 425, 429})
_UNTOUCHED = _HELD | {429, 503}  # the server says that it took nothing


class Outcome(enum.Enum):
    SETTLED = "settled"  # the server answered for every event
    LATER = "later"  # it may succeed another time
    HELD = "held"  # nothing is taken until somebody changes a setting
    UNREADABLE = "unreadable"  # the request as a whole is refused: one event in it is to blame


@dataclass(frozen=True, slots=True)
class Verdict:
    """`untouched`: it is certain that the server took nothing of what is not settled."""

    outcome: Outcome
    reason: str = ""
    retry_after: float = 0.0
    untouched: bool = False
    accepted: int = 0
    duplicates: int = 0
    refused: tuple[tuple[Event, str], ...] = ()  # for good, each with the reason


def together(waiting: Sequence[Event]) -> list[Event]:
    """Those at the beginning that can share a request: events; or equal wishes, which one request fulfils."""
    first = waiting[0]
    for number, event in enumerate(waiting):
        if event.kind != first.kind or (event.kind != EVENT and event.body != first.body):
            return list(waiting[:number])
    return list(waiting)


def deliver(client: httpx.Client, url: str, batch: Sequence[Event]) -> Verdict:
    """Posts what `together` put together. Never raises for what a network or a server can do."""
    try:
        if batch[0].kind == EVENT:
            body = b"\n".join(event.body for event in batch)
            answer = client.post(url + EVENTS_PATH, content=body, headers={"Content-Type": "application/x-ndjson"})
            return _judge(answer, batch)
        json_headers = {"Content-Type": "application/json"}
        answer = client.post(url + INVALIDATE_PATH, content=batch[0].body, headers=json_headers)
        return _judge_wish(answer, batch)
    except (httpx.ConnectError, httpx.ConnectTimeout) as error:
        return Verdict(Outcome.LATER, _named(error), untouched=True)
    except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, OSError) as error:
        return Verdict(Outcome.LATER, _named(error))


def _judge(answer: httpx.Response, batch: Sequence[Event]) -> Verdict:
    status, reason = answer.status_code, _reason(answer)
    results = _results(answer, len(batch)) if status in (200, 202, 207, 422) else None
    if results is not None:
        return _settled(results, batch)
    if status in _HELD or 300 <= status < 400:
        return Verdict(Outcome.HELD, reason, untouched=True)
    if status in _LATER or status >= 500 or status < 400:
        return Verdict(Outcome.LATER, reason, _seconds(answer.headers.get("Retry-After")), status in _UNTOUCHED)
    if len(batch) > 1:
        return Verdict(Outcome.UNREADABLE, reason, untouched=True)
    return Verdict(Outcome.SETTLED, refused=((batch[0], reason),))


def _judge_wish(answer: httpx.Response, batch: Sequence[Event]) -> Verdict:
    """A key may be allowed to write events and no more: such a wish is refused, and the events after it go on."""
    status, reason = answer.status_code, _reason(answer)
    if status < 300:
        return Verdict(Outcome.SETTLED, accepted=len(batch))
    if status in (401, 407) or status < 400:
        return Verdict(Outcome.HELD, reason, untouched=True)
    if status in _LATER or status >= 500:
        return Verdict(Outcome.LATER, reason, _seconds(answer.headers.get("Retry-After")))
    return Verdict(Outcome.SETTLED, refused=tuple((event, reason) for event in batch))


def _results(answer: httpx.Response, count: int) -> list[dict[str, object]] | None:
    """The answer for each event; None where this is not the answer of a Pulseboard server."""
    try:
        body = answer.json()
    except (ValueError, RecursionError):
        return None
    results = body.get("results") if isinstance(body, dict) else None
    if not isinstance(results, list) or len(results) != count:
        return None
    return results if all(isinstance(result, dict) for result in results) else None


def _settled(results: list[dict[str, object]], batch: Sequence[Event]) -> Verdict:
    statuses = [str(result.get("status")) for result in results]
    refused = tuple(
        (event, str(result.get("errors")))
        for event, result in zip(batch, results, strict=True)
        if result.get("status") not in ("accepted", "duplicate")
    )
    return Verdict(
        Outcome.SETTLED,
        accepted=statuses.count("accepted"),
        duplicates=statuses.count("duplicate"),
        refused=refused,
    )


def _reason(answer: httpx.Response) -> str:
    return f"the server answered {answer.status_code}"


def _named(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def _seconds(value: str | None) -> float:
    """Retry-After in seconds; a date or nonsense is 0, and the sender's own pause counts."""
    try:
        return min(max(float(value or 0), 0.0), 300.0)
    except ValueError:
        return 0.0
