"""Dead letters: accepted events that could not be brought into the figures, to be looked at, replayed or discarded.

Replaying puts the event back into the queue it came from, as if it had never been tried; discarding leaves it in the
log and in no figure. Either takes the letter away, so of two people who click at once one is told that it is gone.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import Connection

from services.access.scope import Permission, Scope
from services.clock import Clock, Instant, to_datetime
from services.errors import Forbidden, InvalidRequest, NotFound
from services.events.lanes import URGENT_TYPES, Lane
from services.events.writer import Work
from services.metrics import sites
from services.storage import queue
from services.storage.engine import Store
from services.storage.queue import Letter

AT_ONCE = 200
"""How many letters one transaction moves: live posts wait for no more than that."""

_ID = r"[!-~]{1,128}"
_ENVELOPE = ("id", "type", "source", "site", "occurred_at", "data")

_log = logging.getLogger("pulseboard.dead_letters")

Json = dict[str, Any]
Take = Callable[[Connection, Letter], None]


@dataclass(frozen=True, slots=True)
class LetterPage:
    """Newest first; `total` counts all that the scope may see, `next_cursor` is None on the last page."""

    letters: list[Letter]
    total: int
    next_cursor: str | None


class DeadLetters:
    """Every call wants an administrator's scope and keeps to its sites. `wake` is called when there is work again."""

    def __init__(self, store: Store, write: Callable[[Work], Any], wake: Callable[[], None], clock: Clock) -> None:
        self._store = store
        self._write = write
        self._wake = wake
        self._clock = clock

    def page(self, scope: Scope, limit: int, cursor: str | None = None) -> LetterPage:
        """Errors: InvalidRequest for a cursor that is none of ours."""
        _require(scope)
        before = None if cursor is None else _read_cursor(cursor)
        with self._store.reading() as connection:
            within = _sites(connection, scope)
            found = queue.letters(connection, within, limit + 1, before)
            total = queue.count_letters(connection, within)
        more = _cursor(found[limit - 1]) if len(found) > limit else None
        return LetterPage(found[:limit], total, more)

    def get(self, letter_id: str, scope: Scope) -> Letter:
        """Errors: NotFound."""
        _require(scope)
        _require_id(letter_id)
        with self._store.reading() as connection:
            return _there(queue.letter(connection, letter_id, _sites(connection, scope)))

    def count(self, scope: Scope) -> int:
        """How many lie at the scope's sites; the one question that takes no administrator."""
        with self._store.reading() as connection:
            return queue.count_letters(connection, _sites(connection, scope))

    def replay(self, letter_id: str, scope: Scope) -> Letter:
        """Puts the event back into the queue. Errors: NotFound, also where somebody else was quicker."""
        letter = self._take(letter_id, scope, self._requeue)
        _log.info("%s replays the event %s", scope.actor, _named(letter))
        self._wake()
        return letter

    def discard(self, letter_id: str, scope: Scope) -> Letter:
        """Deletes the letter: its event is never counted. Errors: NotFound, also where somebody else was quicker."""
        letter = self._take(letter_id, scope, _leave)
        _log.warning("%s discards the event %s: %s", scope.actor, _named(letter), letter.reason)
        return letter

    def replay_all(self, scope: Scope) -> int:
        """Replays all that are dead when it begins; how many."""
        taken = self._take_all(scope, None, self._requeue)
        _log.info("%s replays %d events", scope.actor, taken)
        self._wake()
        return taken

    def discard_all(self, scope: Scope, until: Instant) -> int:
        """Deletes all that had died by then: what somebody has seen who says so; how many."""
        taken = self._take_all(scope, (until + 1, ""), _discarded_by(scope))
        _log.warning("%s discards %d events", scope.actor, taken)
        return taken

    def _take(self, letter_id: str, scope: Scope, then: Take) -> Letter:
        _require(scope)
        _require_id(letter_id)

        def work(connection: Connection) -> Letter | None:
            letter = queue.take_letter(connection, letter_id, _sites(connection, scope))
            if letter is not None:
                then(connection, letter)
            return letter

        return _there(self._write(work))

    def _take_all(self, scope: Scope, before: tuple[Instant, str] | None, then: Take) -> int:
        """Towards the oldest, some at a time; those that die again meanwhile are newer, and are not met twice."""
        _require(scope)
        taken = 0
        while True:
            with self._store.reading() as connection:
                found = queue.letters(connection, _sites(connection, scope), AT_ONCE, before)
            if not found:
                return taken
            taken += self._write(partial(_take_these, letters=found, then=then))
            before = (found[-1].died_at, found[-1].id)

    def _requeue(self, connection: Connection, letter: Letter) -> None:
        queue.put(connection, letter.site, _lane(letter), [letter.body], self._clock())


def event_of(letter: Letter) -> Json:
    """The event in canonical form, its keys and its time as they are posted."""
    event = json.loads(letter.body)
    event["occurred_at"] = to_datetime(event["occurred_at"]).isoformat()
    return {key: event[key] for key in _ENVELOPE if key in event}


def may_read(scope: Scope) -> bool:
    """Whole events are for administrators, and not for those who see their own figures alone."""
    return scope.may(Permission.ADMIN) and scope.staff_id is None


def _require(scope: Scope) -> None:
    scope.require(Permission.ADMIN)
    if not may_read(scope):
        raise Forbidden("whole events are not for those who see their own figures alone")


def _sites(connection: Connection, scope: Scope) -> list[str]:
    return [site for site in sites.load(connection) if scope.sees(site)]


def _require_id(letter_id: str) -> None:
    if not re.fullmatch(_ID, letter_id):  # some text is none that every store can look up
        _there(None)


def _there(letter: Letter | None) -> Letter:
    if letter is None:
        raise NotFound("there is no such dead letter; somebody may have replayed or discarded it")
    return letter


def _take_these(connection: Connection, letters: list[Letter], then: Take) -> int:
    """How many were still there."""
    kept = [queue.take_letter(connection, letter.id, [letter.site]) for letter in letters]
    found = [letter for letter in kept if letter is not None]
    for letter in found:
        then(connection, letter)
    return len(found)


def _leave(connection: Connection, letter: Letter) -> None:
    """Nothing is kept of it but the event in the log."""


def _discarded_by(scope: Scope) -> Take:
    def note(connection: Connection, letter: Letter) -> None:
        _log.warning("%s discards the event %s: %s", scope.actor, _named(letter), letter.reason)

    return note


def _lane(letter: Letter) -> Lane:
    """The lane it came in by, but that of a backfill: somebody waits for it now."""
    critical = letter.type == "system_event" and json.loads(letter.body)["data"].get("severity") == "critical"
    return Lane.URGENT if critical or letter.type in URGENT_TYPES else Lane.LIVE


def _named(letter: Letter) -> str:
    return f"{letter.event_id} ({letter.type}) of {letter.source} at {letter.site}"


def _cursor(letter: Letter) -> str:
    return f"{letter.died_at}.{letter.id}"


def _read_cursor(cursor: str) -> tuple[Instant, str]:
    found = re.fullmatch(rf"([0-9]{{1,17}})\.({_ID})", cursor)
    if found is None:
        raise InvalidRequest("must be a next_cursor as it was given", pointer="/cursor")
    return int(found.group(1)), found.group(2)
