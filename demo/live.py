"""What happens now: an endless stream of single events, in the proportions of a busy evening."""

from __future__ import annotations

from collections import deque
from datetime import datetime
from random import Random
from zoneinfo import ZoneInfo

from demo.history import SEED, Event, alarm, clocked, event, trouble
from demo.menu import REGULARS, STAFF, STOCKED, customer, served_by
from demo.store_room import StoreRoom
from demo.visits import Happening, sold, visit

SHORTEST_PAUSE, LONGEST_PAUSE = 1.0, 3.0
_SCENES = {"visit": 34, "staff": 28, "guest": 20, "stock": 15, "system": 2, "alert": 1}


class LiveRestaurant:
    """Makes one event after the other; all ids bear `run`, so that no two runs share one."""

    def __init__(self, run: str, zone: ZoneInfo, seed: int = SEED) -> None:
        self._run = run
        self._zone = zone
        self._chance = Random(f"{seed} {run}")  # noqa: S311 - a simulation
        self._waiting: deque[tuple[str, Happening]] = deque()
        self._room = StoreRoom(part=0.5)
        self._number = 0

    def pause(self) -> float:
        """Seconds until the next event."""
        return self._chance.uniform(SHORTEST_PAUSE, LONGEST_PAUSE)

    def next_event(self, now: datetime) -> Event:
        """An event that happens at `now`."""
        if not self._waiting:
            self._play(now.astimezone(self._zone))
        id_, told = self._waiting.popleft()
        happens_now = Happening(told.name, told.type, told.data)
        return event(id_, happens_now, now.astimezone(self._zone).replace(tzinfo=None), self._zone)

    def _play(self, local: datetime) -> None:
        self._number += 1
        name = f"{self._run}-{self._number:05}"
        scene = self._chance.choices(list(_SCENES), list(_SCENES.values()))[0]
        told = self._visit(name, local) if scene == "visit" else [self._moment(scene)]
        self._waiting.extend((f"{name}-{happening.name}", happening) for happening in told)

    def _visit(self, name: str, local: datetime) -> list[Happening]:
        person = served_by(self._chance, list(STAFF))
        guest = customer(self._chance, local.date(), 1000 + self._number)
        happenings = visit(self._chance, name, local.hour, person, guest)
        self._room.take(sold(happenings))
        return happenings

    def _moment(self, scene: str) -> Happening:
        if scene == "staff":
            return clocked(self._chance)
        if scene == "guest":
            return self._guest()
        if scene == "stock":
            return self._room.report(self._chance.choice(STOCKED))
        return trouble(self._chance) if scene == "system" else alarm(self._chance)

    def _guest(self) -> Happening:
        data = {
            "customer_id": f"c-{self._chance.randrange(REGULARS):03}",
            "action_type": self._chance.choice(("reservation_made", "menu_viewed", "app_opened", "feedback_left")),
        }
        return Happening("customer", "customer_action", data)
