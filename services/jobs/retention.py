"""Retention: the bodies of events beyond some months go; what they came to stays, and so does that they were there.

Facts and rollups are never touched, so that every figure and every recount stays whole. Of each event its key and a
digest of its body stay: sent again it is a duplicate still, and with another content a conflict.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import Connection

from services.clock import Instant
from services.errors import WriteConflict
from services.storage import forgetting, locks, partitions
from services.storage.engine import Store
from services.storage.partitions import Month

ROWS_AT_ONCE = 300

RunWrite = Callable[[Callable[[Connection], Any]], Any]

_log = logging.getLogger("pulseboard.retention")


@dataclass(frozen=True, slots=True)
class Forgotten:
    """How far a pass went: all rows up to `row` that occurred before `before` have been looked at."""

    before: Instant = 0
    row: int = 0


def horizon(now: Instant, months: int) -> Instant:
    """The start of the month that lies `months` whole months before the present one, in UTC.

    What occurred earlier goes; so at least that many months are there.
    """
    year, month = partitions.month_of(now)
    years, month = divmod(12 * year + month - 1 - months, 12)
    return partitions.starts((years, month + 1)) if years >= 1970 else 0


def forget(store: Store, write: RunWrite, before: Instant, done: Forgotten = Forgotten()) -> Forgotten:
    """Takes all bodies of events that occurred before an instant, in short transactions.

    `done` is what the last pass returned, whose rows need no other look where the horizon has not moved.
    """
    if store.is_sqlite:
        return _row_by_row(store, write, before, done)
    _month_by_month(store, write, before)
    return done


def _row_by_row(store: Store, write: RunWrite, before: Instant, done: Forgotten) -> Forgotten:
    row = done.row if done.before == before else 0
    with store.reading() as connection:
        last = forgetting.last_row(connection)
    while row < last:
        with store.reading() as connection:
            rows = forgetting.bodies(connection, before, row, ROWS_AT_ONCE)
        if not rows:
            break
        write(partial(forgetting.take, rows=rows))
        row = rows[-1][0]
    return Forgotten(before, max(row, last))


def _month_by_month(store: Store, write: RunWrite, before: Instant) -> None:
    with store.reading() as connection:
        months = forgetting.months_with_bodies(connection, before)
    for month in months:
        try:
            write(partial(_empty, month=month))
        except WriteConflict:
            _log.warning("the log of %d-%02d is being read; it goes later", *month)


def _empty(connection: Connection, month: Month) -> None:
    if locks.try_hold(connection, "retention"):
        forgetting.empty(connection, month)
