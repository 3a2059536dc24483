"""The way in: items are checked one by one, told from those known, and handed to the writer.

An answer is given when what it says is accepted is on disk. On SQLite it is counted by then; on PostgreSQL it is in the
queue, from which processors take it.
"""

from __future__ import annotations

import threading
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from services import clock
from services.access.scope import Permission, Scope
from services.clock import Clock, Instant
from services.errors import InvalidEvent
from services.events import booking, plain_orders, schemas
from services.events.acceptance import Acceptance, Outcome, Status
from services.events.booking import Heard
from services.events.decoding import Unreadable
from services.events.lanes import Lane, lane_of
from services.events.writer import Piece, Post, Writer
from services.metrics.sites import Site, Sites

DEFAULT_SITE = "main"
MAX_AHEAD = 24 * clock.HOUR


@dataclass(slots=True)
class Result:
    """What became of one item; `errors` has {code, pointer, detail} for a rejected one."""

    index: int
    id: str | None
    status: str
    errors: list[dict[str, str]] = field(default_factory=list)

    def data(self) -> dict[str, Any]:
        answer: dict[str, Any] = {"index": self.index, "id": self.id, "status": self.status}
        if self.errors:
            answer["errors"] = self.errors
        return answer


class Intake:
    """Accepts events; `counts` says how many were accepted, duplicate, rejected and (of these) a conflict so far."""

    def __init__(self, writer: Writer, sites: Sites, acceptance: Acceptance, clock: Clock) -> None:
        self._writer = writer
        self._sites = sites
        self._acceptance = acceptance
        # Made once: the writer does together what has the same work.
        self._accept = {
            lane: (partial(acceptance.accept, lane=lane), partial(acceptance.accept, lane=lane, careful=True))
            for lane in Lane
        }
        self._clock = clock
        self.counts: Counter[str] = Counter()
        self._counting = threading.Lock()

    def accept(self, items: Sequence[object], *, scope: Scope, source: str, backfill: bool = False) -> list[Result]:
        """One result for each item, in their order; `source` is that of items which name none.

        Errors: Forbidden without write_events; QueueFull, and then nothing was accepted; StoreUnavailable, and then
        nothing was of a post with an event that came without an id.
        """
        scope.require(Permission.WRITE_EVENTS)
        sites = {site.id: site for site in self._sites.all()}
        digits = {site.id: site.digits for site in sites.values() if scope.sees(site.id)}
        latest = self._clock() + MAX_AHEAD
        results: list[Result] = []
        checked: list[tuple[Result, Heard]] = []
        named = True
        for index, item in enumerate(items):
            try:
                heard = _at_once(item, digits, source, latest) or _check(item, sites, scope, source, latest)
            except InvalidEvent as error:
                results.append(Result(index, _given_id(item), "rejected", error.errors))
            else:
                named = named and isinstance(item, dict) and item.get("id") not in (None, "")
                results.append(Result(index, heard.event.id, "accepted"))
                checked.append((results[-1], heard))
        if checked:
            self._write(checked, backfill=backfill, whole=not named)
        self._count(results)
        return results

    def _count(self, results: Sequence[Result]) -> None:
        conflicts = sum(1 for result in results if result.errors and result.errors[0]["code"] == "conflict")
        with self._counting:
            self.counts.update(result.status for result in results)
            self.counts["conflict"] += conflicts

    def _write(self, checked: list[tuple[Result, Heard]], *, backfill: bool, whole: bool) -> None:
        """Hands the events over by lanes; all in one transaction where the post could not be sent again (`whole`)."""
        self._acceptance.prepare([heard.event.at for _, heard in checked], backfill=backfill)
        lanes: dict[Lane, list[tuple[Result, Heard]]] = {}
        for one in checked:
            lane = Lane.BACKFILL if backfill else Lane.LIVE if whole and len(checked) > 1 else lane_of(one[1].event)
            lanes.setdefault(lane, []).append(one)
        posts = [self._post(part, lane, whole) for lane, part in lanes.items()]
        self._writer.submit(*posts)
        for post in posts:
            post.done.result()

    def _post(self, part: list[tuple[Result, Heard]], lane: Lane, whole: bool) -> Post:
        size = len(part) if whole else self._acceptance.piece_sizes[lane]
        pieces = [part[start : start + size] for start in range(0, len(part), size)]

        def after(outcomes: list[Outcome]) -> None:
            for piece, outcome in zip(pieces, outcomes, strict=True):
                for (result, _), status in zip(piece, outcome.statuses, strict=True):
                    _settle(result, status)
            self._acceptance.announce(outcomes)

        return Post(
            [self._piece([heard for _, heard in piece], lane) for piece in pieces],
            lane=lane,
            size=sum(len(heard.event.body) for _, heard in part),
            after=after,
        )

    def _piece(self, events: list[Heard], lane: Lane) -> Piece:
        accept, carefully = self._accept[lane]
        return Piece(accept, events, len(events), carefully)


def _settle(result: Result, status: Status) -> None:
    if status == "conflict":
        result.status = "rejected"
        result.errors = [schemas.fault("conflict", "/id", "an event with this id was accepted with another content")]
    else:
        result.status = status


def _at_once(item: object, digits: Mapping[str, int], source: str, latest: Instant) -> Heard | None:
    """A plain order without any fault; `digits` has the sites that its poster may write to."""
    found = plain_orders.read(item, source, DEFAULT_SITE, digits)
    return Heard(*found) if found is not None and found[0].at <= latest else None


def _check(item: object, sites: Mapping[str, Site], scope: Scope, source: str, latest: Instant) -> Heard:
    if isinstance(item, Unreadable):
        raise InvalidEvent([schemas.fault(item.code, "", item.detail)])
    event = schemas.check(item)
    event["site"] = event.get("site") or DEFAULT_SITE
    event["source"] = event.get("source") or source
    event["id"] = event.get("id") or uuid.uuid4().hex
    if not scope.sees(event["site"]):
        raise InvalidEvent([schemas.fault("forbidden", "/site", "this key may not write to that site")])
    site = sites.get(event["site"])
    if site is None:
        raise InvalidEvent([schemas.fault("unknown_site", "/site", "there is no such site")])
    if event["occurred_at"] > latest:
        raise InvalidEvent([schemas.fault("out_of_range", "/occurred_at", "must not be more than 24 h ahead")])
    return booking.hear(event, site.digits)


def _given_id(item: object) -> str | None:
    """The id that a rejected item came with, where it is one; numbers as their decimal text."""
    given = item.get("id") if isinstance(item, dict) else None
    if isinstance(given, int | float) and not isinstance(given, bool):
        given = str(given)
    return given if isinstance(given, str) and given.isprintable() and len(given) <= 128 else None
