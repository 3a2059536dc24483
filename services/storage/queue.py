"""The queue of accepted events that are not in the figures yet, and the dead letters that will not get there alone.

A row of the queue holds the canonical bodies of up to some hundred events of one site and lane. Processors of all
processes take rows without waiting for each other; a row is deleted in the transaction that brings its events into the
figures.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from services.clock import Instant
from services.storage import bulk, tables


@dataclass(frozen=True, slots=True)
class Waiting:
    """A row of the queue; `payload` is a JSON array of canonical bodies."""

    site: str
    id: int
    lane: int
    queued_at: Instant
    attempts: int
    events: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class Letter:
    """An event that could not be applied, with why and how often it was tried."""

    site: str
    id: str
    source: str
    event_id: str
    type: str
    occurred_at: Instant
    body: str
    reason: str
    attempts: int
    died_at: Instant


def put(
    connection: Connection,
    site: str,
    lane: int,
    bodies: Sequence[str],
    now: Instant,
    *,
    attempts: int = 0,
    not_before: Instant | None = None,
    reason: str | None = None,
) -> None:
    """Lets these events wait; `attempts` have failed already, and the next is made at `not_before` (now)."""
    payload = f"[{','.join(bodies)}]".encode()
    start = now if not_before is None else not_before
    row = (site, secrets.randbits(62), lane, now, start, attempts, len(bodies), payload, reason)
    bulk.insert(connection, tables.event_queue, [row])


MOST_ROWS = 200
"""How many rows of the queue are taken at once."""

_COLUMNS = "site, id, lane, queued_at, attempts, events, payload"


def claim(
    connection: Connection,
    now: Instant,
    before: Instant,
    most_events: Mapping[int, int],
    without: Collection[str] = (),
    *,
    failed_first: bool = False,
) -> list[Waiting]:
    """Rows of one site and lane that are due and were queued at `before` or earlier, the first in turn first.

    They are the caller's until its transaction ends. `most_events` bounds, by lane, how many events are
    taken at once; a row that failed before comes alone, and after all that did not unless `failed_first`. The sites
    in `without` are passed over.
    """
    due = (now, before)
    for tried in ("attempts > 0", "attempts = 0") if failed_first else ("attempts = 0", "attempts > 0"):
        if rows := _next(connection, due, tried, without):
            return rows if rows[0].attempts else [*rows, *_more(connection, due, rows[0], most_events[rows[0].lane])]
    return []


_DUE = f"SELECT {_COLUMNS} FROM event_queue WHERE not_before <= {{p}} AND queued_at <= {{p}}"  # noqa: S608  # literals
_Due = tuple[Instant, Instant]


def _next(connection: Connection, due: _Due, tried: str, without: Collection[str]) -> list[Waiting]:
    """The first in turn, if there is one."""
    others = f"AND site NOT IN ({', '.join(['{p}'] * len(without))})" if without else ""
    return _read(connection, f"{_DUE} AND {tried} {others} ORDER BY lane, queued_at LIMIT 1", (*due, *without))


def _more(connection: Connection, due: _Due, first: Waiting, most: int) -> Iterator[Waiting]:
    """What comes after the first in its site and lane, up to `most` events with it."""
    left = most - first.events
    if left <= 0:
        return
    same = f"{_DUE} AND attempts = 0 AND site = {{p}} AND lane = {{p}} AND id <> {{p}} ORDER BY queued_at LIMIT {{p}}"
    for row in _read(connection, same, (*due, first.site, first.lane, first.id, min(left, MOST_ROWS))):
        left -= row.events
        if left < 0:
            return
        yield row


def remove(connection: Connection, rows: Iterable[Waiting]) -> None:
    bulk.execute(connection, "DELETE FROM event_queue WHERE site = {p} AND id = {p}", [(r.site, r.id) for r in rows])


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits: events by lane, the oldest of the live lanes, how many were tried in vain so far."""

    rows: int
    events: dict[int, int]
    oldest: Instant | None
    failing: int


def backlog(connection: Connection) -> Backlog:
    sql = (
        "SELECT lane, COUNT(*), SUM(events), MIN(queued_at), SUM(CASE WHEN attempts > 0 THEN 1 ELSE 0 END) "
        "FROM event_queue GROUP BY lane"
    )
    rows = [tuple(row) for row in connection.exec_driver_sql(sql)]
    live = [row[3] for row in rows if row[0] < 2]
    return Backlog(
        rows=sum(row[1] for row in rows),
        events={row[0]: int(row[2]) for row in rows},
        oldest=min(live, default=None),
        failing=sum(int(row[4]) for row in rows),
    )


def bury(connection: Connection, letters: Iterable[Letter]) -> None:
    rows = [
        (x.site, x.id, x.source, x.event_id, x.type, x.occurred_at, x.body, x.reason, x.attempts, x.died_at)
        for x in letters
    ]
    bulk.insert(connection, tables.dead_letters, rows)


_LETTER = "site, id, source, event_id, type, occurred_at, body, reason, attempts, died_at"


def letters(
    connection: Connection, sites: Collection[str], limit: int, before: tuple[Instant, str] | None = None
) -> list[Letter]:
    """The newest letters of these sites, newest first; those after (died_at, id) of the last page's last, if given."""
    if not sites:
        return []
    places = ", ".join(["{p}"] * len(sites))
    where, values = f"site IN ({places})", list[Any](sites)
    if before is not None:
        where += " AND (died_at < {p} OR (died_at = {p} AND id < {p}))"
        values += [before[0], before[0], before[1]]
    sql = f"SELECT {_LETTER} FROM dead_letters WHERE {where} ORDER BY died_at DESC, id DESC LIMIT {{p}}"  # noqa: S608  # literals
    rows = connection.exec_driver_sql(sql.format(p=bulk.mark(connection)), (*values, limit))
    return [Letter(*row) for row in rows]


def count_letters(connection: Connection, sites: Collection[str]) -> int:
    if not sites:
        return 0
    places = ", ".join([bulk.mark(connection)] * len(sites))
    sql = f"SELECT COUNT(*) FROM dead_letters WHERE site IN ({places})"  # noqa: S608  # places only
    return int(connection.exec_driver_sql(sql, tuple(sites)).scalar() or 0)


def letter(connection: Connection, letter_id: str, sites: Collection[str]) -> Letter | None:
    """The letter of that id at one of these sites."""
    if not sites:
        return None
    places = ", ".join(["{p}"] * len(sites))
    sql = f"SELECT {_LETTER} FROM dead_letters WHERE id = {{p}} AND site IN ({places})"  # noqa: S608  # literals
    row = connection.exec_driver_sql(sql.format(p=bulk.mark(connection)), (letter_id, *sites)).first()
    return None if row is None else Letter(*row)


def take_letter(connection: Connection, letter_id: str, sites: Collection[str]) -> Letter | None:
    """Removes the letter and returns it; None where these sites have none of that id. Two takers never both have it."""
    if not sites:
        return None
    places = ", ".join(["{p}"] * len(sites))
    sql = f"DELETE FROM dead_letters WHERE id = {{p}} AND site IN ({places}) RETURNING {_LETTER}"  # noqa: S608  # literals
    row = connection.exec_driver_sql(sql.format(p=bulk.mark(connection)), (letter_id, *sites)).first()
    return None if row is None else Letter(*row)


def _read(connection: Connection, sql: str, values: tuple[Any, ...]) -> list[Waiting]:
    """Rows that are the caller's until its transaction ends."""
    skip = " FOR UPDATE SKIP LOCKED" if bulk.is_postgres(connection) else ""
    rows = connection.exec_driver_sql(sql.format(p=bulk.mark(connection)) + skip, values)
    return [Waiting(*row) for row in rows]
