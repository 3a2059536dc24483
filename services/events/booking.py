"""From accepted events to figures, inside a transaction: all at once, or around those that cannot be applied."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import Connection

from services.errors import PulseboardError, StoreUnavailable
from services.events import facts, processing
from services.events.facts import Accepted
from services.events.processing import Changes, StaffNames
from services.events.schemas import canonical
from services.metrics.sites import Site
from services.storage.engine import understood

MOST_FAILURES = 8

_log = logging.getLogger("pulseboard.events")


class Heard(NamedTuple):
    """An event ready to be booked, and the staff name that it tells: (staff_id, name)."""

    event: Accepted
    staff_name: tuple[str, str] | None


@dataclass(frozen=True, slots=True)
class Failure:
    """An event that could not be applied; `reason` is safe to show."""

    event: Accepted
    reason: str


def hear(event: dict[str, Any], digits: int, body: str | None = None) -> Heard:
    """The fact in a checked event, `digits` being the minor digits of its site's currency.

    Errors: InvalidEvent where an amount has more digits, or a value cannot be kept.
    """
    stamp = (event["occurred_at"], event["id"], event["source"])
    fact = facts.fact_of(event["type"], event["data"], stamp, digits)
    text = canonical(event) if body is None else body
    accepted = Accepted(event["site"], event["source"], event["id"], event["type"], event["occurred_at"], text, fact)
    return Heard(accepted, facts.staff_name_of(event["data"]))


def book(connection: Connection, heard: Sequence[Heard], sites: Mapping[str, Site]) -> Changes:
    """Brings events that are in no figure yet into facts and rollups."""
    names: dict[str, StaffNames] = {}
    for one in heard:
        if one.staff_name is not None:
            staff_id, name = one.staff_name
            known = names.setdefault(one.event.site, {})
            if staff_id not in known or one.event.stamp > known[staff_id][0]:
                known[staff_id] = (one.event.stamp, name)
    return processing.apply(connection, [one.event for one in heard], names, dict(sites))


@dataclass(slots=True)
class Around:
    """What was booked, what could not be, and in parts what was not reached after too many of those."""

    changes: Changes = field(default_factory=Changes)
    failures: list[Failure] = field(default_factory=list)
    left: list[Sequence[Heard]] = field(default_factory=list)


def book_around(connection: Connection, heard: Sequence[Heard], sites: Mapping[str, Site]) -> Around:
    """The same for all events that can be applied; those that cannot are found by halving.

    After `MOST_FAILURES` it ends: while it lasts, all others of the site wait.
    """
    done = Around()
    reasons: dict[str, str] = {}
    parts = [heard]
    while parts:
        if len(done.failures) >= MOST_FAILURES:
            done.left = parts[::-1]
            break
        part = parts.pop()
        try:
            with connection.begin_nested():
                found = book(connection, part, sites)
        except Exception as error:  # not lost: it goes where the event goes that causes it
            meant = understood(error)
            if isinstance(meant, StoreUnavailable):
                raise meant from error
            if len(part) == 1:
                what = str(getattr(meant, "orig", meant))
                reasons[what] = reasons.get(what) or reason_of(part[0].event, meant)  # the log has each once
                done.failures.append(Failure(part[0].event, reasons[what]))
            else:
                middle = len(part) // 2
                parts += [part[middle:], part[:middle]]
        else:
            done.changes.add(found)
    return done


def reason_of(event: Accepted, error: Exception) -> str:
    """Why the event could not be applied, fit to be shown; what is not fit for that is in the log, by a reference."""
    if isinstance(error, PulseboardError):
        return error.detail
    reference = secrets.token_hex(4)
    _log.error("event %s of %s at %s could not be applied [%s]", event.id, event.source, event.site, reference,
               exc_info=error)  # fmt: skip
    kind = type(getattr(error, "orig", None) or error).__name__
    return f"an unexpected {kind}; the server's log has it as {reference}"
