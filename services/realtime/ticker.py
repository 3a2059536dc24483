"""Announces the turns of minutes, hours and business days, each site by its own calendar.

A turn moves ranges and closes buckets, so figures change though nothing happened; clients subscribe to the turns
that move what they show.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol

from services.clock import MINUTE, SECOND, Clock, Instant
from services.realtime.changes import Turn
from services.realtime.hub import Hub
from services.realtime.topics import of_site

LONGEST_PAUSE = 30.0
# Slightly late, so that whoever reads on hearing of a turn reads after it.
LATE = 5_000


class Calendar(Protocol):
    def business_date(self, instant: Instant) -> date: ...
    def day_start(self, day: date) -> Instant: ...
    def next_hour(self, instant: Instant) -> Instant: ...


class Site(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def calendar(self) -> Calendar: ...


@dataclass(frozen=True, slots=True)
class Turns:
    """When a site's clock turns next, seen from `at`."""

    at: Instant
    minute: Instant
    hour: Instant
    day: Instant

    def past(self, instant: Instant) -> frozenset[Turn]:
        turns: tuple[tuple[Turn, Instant], ...] = (("minute", self.minute), ("hour", self.hour), ("day", self.day))
        return frozenset(name for name, when in turns if when <= instant)


def next_turns(calendar: Calendar, at: Instant) -> Turns:
    tomorrow = calendar.business_date(at) + timedelta(days=1)
    return Turns(at, (at // MINUTE + 1) * MINUTE, calendar.next_hour(at), calendar.day_start(tomorrow))


class Ticker:
    """One `step` announces all turns that were passed since the step before, each site's as one change."""

    def __init__(self, hub: Hub, sites: Callable[[], Iterable[Site]], clock: Clock) -> None:
        self._hub, self._sites, self._clock = hub, sites, clock
        self._next: dict[str, tuple[Calendar, Turns]] = {}

    def step(self) -> float:
        """The seconds until the next turn."""
        moment = self._clock()
        sites = {site.id: site.calendar for site in self._sites()}
        for site, calendar in sites.items():
            self._look(site, calendar, moment)
        self._next = {site: known for site, known in self._next.items() if site in sites}
        soonest = min((turns.minute for _, turns in self._next.values()), default=moment + MINUTE)
        return min((soonest + LATE - moment) / SECOND, LONGEST_PAUSE)

    def _look(self, site: str, calendar: Calendar, moment: Instant) -> None:
        known, turns = self._next.get(site, (calendar, None))
        if turns is not None and known == calendar and turns.at <= moment and not turns.past(moment):
            return
        self._next[site] = calendar, next_turns(calendar, moment)
        if turns is not None and (past := turns.past(moment)):
            # From the bucket that closed to the one that opened.
            self._hub.turn(of_site(site), (turns.at, moment), past)
