"""A client of the server's own API, for what posts many events: batches, patience, and a count of the answers."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import httpx

from services.errors import Forbidden, InvalidRequest, NotFound, PulseboardError, StoreUnavailable, Unauthenticated

BATCH = 500
BATCH_BYTES = 512 * 1024
PATIENCE_SECONDS = 300.0
TIMEOUT = httpx.Timeout(120.0, connect=5.0)
FAULTS_SHOWN = 10

_ERRORS: dict[int, type[PulseboardError]] = {401: Unauthenticated, 403: Forbidden, 404: NotFound}


@dataclass(slots=True)
class Tally:
    """What the server answered, event by event; `faults` are the first rejections, as text."""

    accepted: int = 0
    duplicates: int = 0
    rejected: int = 0
    faults: list[str] = field(default_factory=list)

    def add(self, results: Sequence[dict[str, Any]]) -> None:
        statuses = [result["status"] for result in results]
        self.accepted += statuses.count("accepted")
        self.duplicates += statuses.count("duplicate")
        self.rejected += statuses.count("rejected")
        refused = (result for result in results if result["status"] == "rejected")
        for result in islice(refused, FAULTS_SHOWN - len(self.faults)):
            faults = "; ".join(f"{fault.get('pointer')} {fault.get('detail')}" for fault in result.get("errors", ()))
            self.faults.append(f"{result.get('id')}: {faults}")

    def merge(self, other: Tally) -> None:
        self.accepted += other.accepted
        self.duplicates += other.duplicates
        self.rejected += other.rejected
        self.faults += other.faults[: FAULTS_SHOWN - len(self.faults)]


class Client:
    """Calls the server at `url` with an API key; what it cannot take now is sent again, for `patience` seconds."""

    def __init__(self, url: str, key: str, *, patience: float = PATIENCE_SECONDS) -> None:
        self._patience = patience
        self._http = httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=TIMEOUT)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _tb: TracebackType | None
    ) -> None:
        self._http.close()

    def sites(self) -> dict[str, dict[str, Any]]:
        """All sites that the key may see, by id."""
        answer = self._send("GET", "/analytics/sites").json()
        listed = answer["sites"] if isinstance(answer, dict) else answer
        return {site["id"]: site for site in listed}

    def put_site(self, site_id: str, settings: dict[str, str]) -> None:
        self._send("PUT", f"/analytics/sites/{quote(site_id, safe='')}", json=settings)

    def post(
        self,
        events: Iterable[dict[str, Any]],
        *,
        backfill: bool,
        progress: Callable[[int], object] = lambda number: None,
    ) -> Tally:
        """Posts the events in batches, in their order; `progress` is told the size of each that is through.

        A batch has BATCH events or as many as make BATCH_BYTES: long orders make no long transactions.

        Errors: StoreUnavailable when the patience is at its end; what was posted until then is in the store.
        """
        tally = Tally()
        path = "/analytics/events?mode=backfill" if backfill else "/analytics/events"
        for lines in bodies(events):
            body = b"\n".join(lines)
            answer = self._send("POST", path, content=body, headers={"Content-Type": "application/x-ndjson"})
            tally.add(answer.json()["results"])
            progress(len(lines))
        return tally

    def _send(self, method: str, path: str, **parts: Any) -> httpx.Response:
        deadline = time.monotonic() + self._patience
        for attempt in range(1_000_000):
            answer = self._try(method, path, **parts)
            if answer is not None and answer.status_code not in (429, 502, 503, 504):
                return _accepted(answer)
            pause = _pause(answer, attempt)
            if time.monotonic() + pause > deadline:
                break
            time.sleep(pause)
        raise StoreUnavailable(f"{self._http.base_url} takes nothing, or does not answer")

    def _try(self, method: str, path: str, **parts: Any) -> httpx.Response | None:
        try:
            return self._http.request(method, path, **parts)
        except httpx.TransportError:
            return None


def bodies(events: Iterable[dict[str, Any]]) -> Iterator[list[bytes]]:
    """The events as JSON, one a line, by batches."""
    lines: list[bytes] = []
    size = 0
    for event in events:
        lines.append(json.dumps(event, separators=(",", ":")).encode())
        size += len(lines[-1])
        if len(lines) == BATCH or size >= BATCH_BYTES:
            yield lines
            lines, size = [], 0
    if lines:
        yield lines


def _accepted(answer: httpx.Response) -> httpx.Response:
    """The answer, if it is one for each event or a plain success; otherwise the error that it tells of."""
    if answer.is_success:
        return answer
    try:
        told = answer.json()
    except ValueError:
        told = {}
    if answer.status_code == 422 and "results" in told:
        return answer
    detail = f"{told.get('detail') or answer.reason_phrase} ({answer.status_code})"
    raise _ERRORS.get(answer.status_code, InvalidRequest)(detail)


def _pause(answer: httpx.Response | None, attempt: int) -> float:
    """Seconds until the next try: what the server asks for, or a wait that doubles up to 10 s; both with jitter."""
    asked = answer.headers.get("Retry-After", "") if answer is not None else ""
    pause = float(asked) if asked.isdigit() else min(10.0, 0.1 * 2 ** min(attempt, 8))
    return pause * random.uniform(1.0, 1.2)  # noqa: S311 - it spreads load, and guards nothing
