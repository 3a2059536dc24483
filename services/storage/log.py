"""The log of events: each is there once, under its site, source and id, with the body it came with.

Retention may take old bodies away. What stays of each is a digest, so that an event that is sent again is still known.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

from sqlalchemy import Connection

from services.clock import Instant
from services.events.facts import Accepted
from services.storage import arrays, bulk, tables

EventKey = tuple[str, str, str]
"""(site, source, id)."""

GONE = "#"
"""What a body begins with that retention took; its digest follows. Canonical JSON begins with a brace."""


def digest(body: str) -> bytes:
    return hashlib.sha256(body.encode()).digest()[:16]


def gone(body: str) -> str:
    """What stays of a body that retention takes."""
    return GONE + digest(body).hex()


def same(kept: str, body: str) -> bool:
    """Whether an event's body is the one that was kept, or whose digest was."""
    return kept == (gone(body) if kept.startswith(GONE) else body)


def add(connection: Connection, events: Mapping[EventKey, Accepted], received_at: Instant) -> dict[EventKey, str]:
    """Adds events by their keys; of those that were there already, what is kept of their bodies."""
    if bulk.is_postgres(connection):
        return _add_by_key(connection, events, received_at)
    known = _known(connection, events)
    _insert(connection, [event for key, event in events.items() if key not in known], received_at)
    return known


def _known(connection: Connection, keys: Iterable[EventKey]) -> dict[EventKey, str]:
    sql = "SELECT id, body FROM events WHERE site = {p} AND source = {p} AND id IN {values}"
    return {
        (*origin, event_id): body
        for origin, ids in _by_origin(keys).items()
        for event_id, body in bulk.select_in(connection, sql, origin, ids)
    }


def _by_origin(keys: Iterable[EventKey]) -> dict[tuple[str, str], list[str]]:
    ids: dict[tuple[str, str], list[str]] = {}
    for site, source, event_id in keys:
        ids.setdefault((site, source), []).append(event_id)
    return ids


def _insert(connection: Connection, events: Iterable[Accepted], received_at: Instant) -> None:
    rows = [(e.site, e.source, e.id, e.type, e.at, received_at, e.body) for e in events]
    bulk.insert(connection, tables.events, rows)


def _add_by_key(
    connection: Connection, events: Mapping[EventKey, Accepted], received_at: Instant
) -> dict[EventKey, str]:
    """In the order of their keys: two posts that bring the same events wait for each other, and never both."""
    rows = sorted((*key, digest(event.body)) for key, event in events.items())
    added = arrays.insert(connection, tables.event_keys, rows, " ON CONFLICT DO NOTHING", " RETURNING site, source, id")
    new = set(added)
    _insert(connection, [event for key, event in events.items() if key in new], received_at)
    sql = "SELECT id, digest FROM event_keys WHERE site = {p} AND source = {p} AND id IN {values}"
    return {
        (*origin, event_id): GONE + bytes(kept).hex()
        for origin, ids in _by_origin(key for key in events if key not in new).items()
        for event_id, kept in bulk.select_in(connection, sql, origin, ids)
    }
