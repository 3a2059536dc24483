"""Rollups built anew beside the live ones, which stay in use until a day's new ones take their place.

Each day is computed from the facts in a snapshot, where nobody waits for it, and swapped in a short transaction of its
own, unless it is what is there already. Readers therefore always find a whole day, old or new, and events go on
being counted. A site whose calendar changed has no rollups to keep: those are filled in anew (`refill`).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import date
from functools import partial

from sqlalchemy import Connection

from services.clock import Instant
from services.metrics import catalogue, day_rollups, refill, rollups, sites
from services.metrics.day_rollups import Rows
from services.metrics.refill import RunWrite
from services.metrics.sites import Site
from services.storage import locks
from services.storage.alone import alone
from services.storage.engine import Store

Progress = Callable[[int, int], None]
"""Called with (days done, days in all)."""

_log = logging.getLogger("pulseboard.rebuild")


def rebuild(
    store: Store, write: RunWrite, site_id: str, now: Instant, progress: Progress = lambda _done, _all: None
) -> bool:
    """Builds the site's rollups anew; False where somebody else does that now.

    Where the calendar changes meanwhile, it begins again.
    """
    with alone(store, f"rebuild:{site_id}") as mine:
        while mine and not _rebuilt(store, write, site_id, now, progress):
            _log.info("the site %s changed while its rollups were built; they are built once more", site_id)
        return mine


def _rebuilt(store: Store, write: RunWrite, site_id: str, now: Instant, progress: Progress) -> bool:
    with store.reading() as connection:
        site = sites.load(connection)[site_id]
        days = [] if site.rebuilding else day_rollups.dates(connection, site)
    if site.rebuilding:
        return refill.refill(store, write, site_id, now, progress)
    for done, day in enumerate(days, 1):
        if not _renew(store, write, site, day):
            return False
        progress(done, len(days))
    return bool(write(partial(_tidy, site=site)))


def _renew(store: Store, write: RunWrite, begun: Site, day: date) -> bool:
    """Whether the day is right now; not so where the calendar is no longer that of `begun`."""
    with store.reading() as connection:
        site = sites.load(connection)[begun.id]
        if not _same_calendar(site, begun):
            return False
        seen, right = day_rollups.stored(connection, site, day), day_rollups.right(connection, site, day)
    return seen == right or bool(write(partial(_swap, site=site, day=day, seen=seen, right=right)))


def _swap(connection: Connection, site: Site, day: date, seen: Rows, right: Rows) -> bool:
    """Puts what is right in the place of what was seen, or of what events have made of both since then."""
    locks.hold_site(connection, site.id)
    now = sites.load(connection)[site.id]
    if not _same_calendar(now, site):
        return False
    held = day_rollups.stored(connection, now, day)
    # Every event that changes what is right for a day changes its rows.
    if now.minutes_from != site.minutes_from or held != seen:
        right = day_rollups.right(connection, now, day)
    day_rollups.replace(connection, now, day, held, right)
    rollups.bump_topics(connection, site.id, [metric.name for metric in catalogue.METRICS])
    return True


def _tidy(connection: Connection, site: Site) -> bool:
    """Takes away what belongs to no day, and would never be read."""
    locks.hold_site(connection, site.id)
    if not _same_calendar(sites.load(connection)[site.id], site):
        return False
    day_rollups.remove_strays(connection, site)
    return True


def _same_calendar(now: Site, before: Site) -> bool:
    return not now.rebuilding and now.calendar == before.calendar
