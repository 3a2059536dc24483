"""Turns of time, each site by its own calendar, on a driven clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.clock import SECOND, Instant, to_instant
from services.metrics.business_time import Calendar
from services.realtime.ticker import Ticker
from tests.services.realtime.fakes import Room


@dataclass
class OneSite:
    id: str
    calendar: Calendar


class Clockwork:
    """A ticker whose time is set by hand, and a client that hears all turns."""

    def __init__(self, start: str, *sites: OneSite) -> None:
        self.now: Instant = self.at(start)
        self.room = Room()
        self.sites = list(sites)
        self.ticker = Ticker(self.room.hub, lambda: self.sites, lambda: self.now)
        self.wire = self.room.subscribed("*@*")
        self.ticker.step()

    @staticmethod
    def at(text: str) -> Instant:
        return to_instant(datetime.fromisoformat(text))

    def turns_at(self, text: str) -> list[tuple[str, ...]]:
        """Turns announced when it has become so late."""
        before = len(self.wire.of("invalidate"))
        self.now = self.at(text)
        self.pause = self.ticker.step()
        self.room.later(0.2)
        return [tuple(frame["data"]["turns"]) for frame in self.wire.of("invalidate")[before:]]


NEW_YORK = OneSite("ny", Calendar("America/New_York", "04:00"))


def test_each_turn_is_announced_once_and_in_time() -> None:
    clock = Clockwork("2026-03-10T10:58:30-04:00", NEW_YORK)
    assert clock.turns_at("2026-03-10T10:58:59-04:00") == []
    assert 1 <= clock.pause < 1.1
    assert clock.turns_at("2026-03-10T10:59:00-04:00") == [("minute",)]
    assert clock.turns_at("2026-03-10T10:59:00.5-04:00") == []
    assert clock.turns_at("2026-03-10T11:00:00.1-04:00") == [("hour", "minute")]


def test_the_day_turns_when_the_business_day_starts() -> None:
    clock = Clockwork("2026-03-10T23:59:30-04:00", NEW_YORK)
    assert clock.turns_at("2026-03-11T00:00:01-04:00") == [("hour", "minute")]
    assert clock.turns_at("2026-03-11T03:59:59-04:00") == [("hour", "minute")]
    assert clock.turns_at("2026-03-11T04:00:01-04:00") == [("day", "hour", "minute")]


def test_the_repeated_hour_turns_twice() -> None:
    clock = Clockwork("2026-11-01T01:59:30-04:00", NEW_YORK)
    assert clock.turns_at("2026-11-01T01:00:01-05:00") == [("hour", "minute")]
    assert clock.turns_at("2026-11-01T02:00:01-05:00") == [("hour", "minute")]


def test_after_a_long_sleep_all_is_announced_at_once() -> None:
    clock = Clockwork("2026-03-10T10:00:30-04:00", NEW_YORK)
    assert clock.turns_at("2026-03-14T10:00:30-04:00") == [("day", "hour", "minute")]


def test_a_clock_that_is_set_back_does_not_stop_the_turns() -> None:
    clock = Clockwork("2026-03-10T10:00:30-04:00", NEW_YORK)
    assert clock.turns_at("2026-03-10T09:00:30-04:00") == []
    assert clock.turns_at("2026-03-10T09:01:00-04:00") == [("minute",)]


def test_sites_turn_by_their_own_zone_and_new_sites_join() -> None:
    clock = Clockwork("2026-03-10T12:29:50+00:00", NEW_YORK)
    clock.sites.append(OneSite("kathmandu", Calendar("Asia/Kathmandu", "00:00")))  # +05:45
    clock.ticker.step()
    clock.now = clock.at("2026-03-10T13:15:01+00:00")
    clock.ticker.step()
    clock.room.later(0.2)
    assert {"revenue@ny", "revenue@kathmandu"} <= set(clock.wire.of("invalidate")[-1]["data"]["topics"])


def test_without_sites_it_only_waits() -> None:
    clock = Clockwork("2026-03-10T12:29:50+00:00")
    assert 0 < clock.ticker.step() <= 30
    assert clock.now % SECOND == 0
