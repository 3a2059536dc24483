"""The way in: items are checked one by one, told from those known, and handed to the writer.

An answer is given when what it says is accepted is on disk, counted, and announced.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from services import clock
from services.access.scope import Permission, Scope
from services.clock import Clock, Instant
from services.errors import InvalidEvent
from services.events import facts, processing, schemas
from services.events.decoding import Unreadable
from services.events.facts import Accepted
from services.events.processing import Changes, StaffNames
from services.events.writer import Post, Writer
from services.metrics import sites as site_store
from services.metrics.sites import Site, Sites
from services.realtime.changes import Buckets, Cause
from services.storage import facts as store

DEFAULT_SITE = "main"
MAX_AHEAD = 24 * clock.HOUR

Publish = Callable[[Collection[str], Buckets, Cause], None]


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


@dataclass(slots=True)
class _Checked:
    index: int
    event: Accepted
    staff_name: tuple[str, str] | None


class Intake:
    """Accepts events. `publish` hears of every commit that changed figures."""

    def __init__(self, writer: Writer, sites: Sites, publish: Publish, clock: Clock) -> None:
        self._writer = writer
        self._sites = sites
        self._publish = publish
        self._clock = clock

    def accept(self, items: Sequence[object], *, scope: Scope, source: str, backfill: bool = False) -> list[Result]:
        """One result for each item, in their order; `source` is that of items which name none.

        Errors: Forbidden without write_events; QueueFull and StoreUnavailable, and then nothing was accepted.
        """
        scope.require(Permission.WRITE_EVENTS)
        sites = {site.id: site for site in self._sites.all()}
        latest = self._clock() + MAX_AHEAD
        results: list[Result] = []
        checked: list[_Checked] = []
        for index, item in enumerate(items):
            try:
                ready = _check(index, item, sites, scope, source, latest)
            except InvalidEvent as error:
                results.append(Result(index, _given_id(item), "rejected", error.errors))
            else:
                checked.append(ready)
                results.append(Result(index, ready.event.id, "accepted"))
        if checked:
            self._write(checked, results)
        return results

    def _write(self, checked: list[_Checked], results: list[Result]) -> None:
        def work(connection: Connection) -> tuple[dict[int, Result], Changes]:
            return _book(connection, checked, self._clock())

        size = sum(len(ready.event.body) for ready in checked)
        post = Post(work, events=len(checked), size=size, after=self._announce)
        others, _ = self._writer.submit(post).result()
        for index, result in others.items():
            results[index] = result

    def _announce(self, answer: tuple[dict[int, Result], Changes]) -> None:
        changes = answer[1]
        if changes.topics:
            self._publish(changes.topics, changes.buckets, "events")


def _check(index: int, item: object, sites: dict[str, Site], scope: Scope, source: str, latest: Instant) -> _Checked:
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
    stamp = (event["occurred_at"], event["id"], event["source"])
    fact = facts.fact_of(event["type"], event["data"], stamp, site.digits)
    body = schemas.canonical(event)
    accepted = Accepted(site.id, event["source"], event["id"], event["type"], event["occurred_at"], body, fact)
    return _Checked(index, accepted, facts.staff_name_of(event["data"]))


def _given_id(item: object) -> str | None:
    """The id that a rejected item came with, where it is one; numbers as their decimal text."""
    given = item.get("id") if isinstance(item, dict) else None
    if isinstance(given, int | float) and not isinstance(given, bool):
        given = str(given)
    return given if isinstance(given, str) and given.isprintable() and len(given) <= 128 else None


def _book(connection: Connection, checked: list[_Checked], received_at: Instant) -> tuple[dict[int, Result], Changes]:
    """Inside the writer's transaction: results of those that are not accepted after all, and what changed."""
    new, others = _tell_apart(connection, checked)
    names: dict[str, StaffNames] = {}
    for ready in new:
        if ready.staff_name is not None:
            staff_id, name = ready.staff_name
            known = names.setdefault(ready.event.site, {})
            if staff_id not in known or ready.event.stamp > known[staff_id][0]:
                known[staff_id] = (ready.event.stamp, name)
    events = [ready.event for ready in new]
    store.insert_events(connection, events, received_at)
    return others, processing.apply(connection, events, names, site_store.load(connection))


def _tell_apart(connection: Connection, checked: list[_Checked]) -> tuple[list[_Checked], dict[int, Result]]:
    """New events, and the results of those known already: in the store, or earlier in the same post."""
    by_origin: dict[tuple[str, str], list[str]] = {}
    for ready in checked:
        by_origin.setdefault((ready.event.site, ready.event.source), []).append(ready.event.id)
    bodies = {
        (*origin, event_id): body
        for origin, ids in by_origin.items()
        for event_id, body in store.known_bodies(connection, *origin, ids).items()
    }
    new: list[_Checked] = []
    others: dict[int, Result] = {}
    for ready in checked:
        event = ready.event
        body = bodies.setdefault((event.site, event.source, event.id), event.body)
        if body is event.body:
            new.append(ready)
        elif body == event.body:
            others[ready.index] = Result(ready.index, event.id, "duplicate")
        else:
            detail = "an event with this id was accepted with another content"
            others[ready.index] = Result(ready.index, event.id, "rejected", [schemas.fault("conflict", "/id", detail)])
    return new, others
