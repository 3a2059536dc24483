"""Stores of one restaurant after some days, a few or very many: all days are equally busy, only history differs."""

from __future__ import annotations

import gc
import json
import shutil
import sqlite3
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, time
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from benchmarks.figures import stage
from benchmarks.orders import ZONE, Restaurant, date_of
from benchmarks.places import EVERYTHING, services_on
from services.clock import Instant, to_instant
from services.container import Services
from services.dashboards.defaults import overview
from services.events import processing
from services.events.facts import Accepted, fact_of
from services.metrics import sites
from services.metrics.cache import InProcessCache
from services.metrics.snapshot import Snapshots
from services.storage import facts as store
from widgets import board
from widgets.board import WidgetReading

ORDERS_A_DAY = 1_000
LOOKED_AT = time(20, 30)
DAYS_AT_ONCE, AHEAD = 10, 3
DASHBOARD = overview(EVERYTHING)

_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)
Made = tuple[list[Accepted], processing.StaffNames]
_MONEY = ("discount_amount", "tip_amount")


@dataclass(frozen=True, slots=True)
class Shop:
    """A store in a file, looked at on the evening of its last day."""

    file: Path
    days: int

    @property
    def orders(self) -> int:
        return self.days * ORDERS_A_DAY

    @property
    def now(self) -> Instant:
        return to_instant(datetime.combine(date_of(self.days - 1), LOOKED_AT, ZoneInfo(ZONE)))

    def services(self) -> Services:
        moment = self.now
        return services_on(self.file, lambda: moment)


def build(place: Path, days: Iterable[int]) -> dict[int, Shop]:
    """A shop for each of these numbers of days: one store that grows, and copies of it taken on the way.

    Facts and rollups come as the server makes them, by processing.apply; only the checks at the door are left out.
    """
    services = services_on(place / "growing.sqlite3")
    shops, done = {}, 0
    for wanted in sorted(set(days)):
        with stage(f"a store with {wanted * ORDERS_A_DAY:,} orders"), _no_collecting():
            for events, names in _made_ahead(range(done, wanted)):
                with services.store.writing() as connection:
                    store.insert_events(connection, events, events[-1].at)
                    processing.apply(connection, events, {"main": names}, sites.load(connection))
            services.store.close()
            shops[wanted] = Shop(place / f"{wanted}-days.sqlite3", wanted)
            _copy(place / "growing.sqlite3", shops[wanted].file)
        done = wanted
    (place / "growing.sqlite3").unlink()
    return shops


def read_dashboard(services: Services) -> dict[str, WidgetReading]:
    """The eight widgets of the default dashboard, with nothing in the cache."""
    cache = InProcessCache(services.settings.cache_max_mb * 2**20)
    snapshots = Snapshots(services.store, cache, services.clock, services.settings.cache_ttl_seconds)
    return board.read(DASHBOARD, partial(_answers, snapshots))


def _answers(snapshots: Snapshots, queries: Any) -> Any:
    return snapshots.read(queries, EVERYTHING)


def _made_ahead(days: range) -> Iterator[Made]:
    """The events of these days, some days at once, made by a second process while the first one books them."""
    parts = [days[at : at + DAYS_AT_ONCE] for at in range(0, len(days), DAYS_AT_ONCE)]
    with ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=gc.disable) as second:
        waiting = deque(second.submit(_make, part) for part in parts[:AHEAD])
        for part in [*parts[AHEAD:], *[None] * len(waiting)]:
            yield waiting.popleft().result()
            if part is not None:
                waiting.append(second.submit(_make, part))


def _make(days: Sequence[int]) -> Made:
    """Checked events, and the names of the staff in them."""
    restaurant = Restaurant(ORDERS_A_DAY)
    events = [event for number in days for event in restaurant.day(number)]
    accepted = [_accepted(event) for event in events]
    names = {event["data"]["staff_id"]: event["data"]["staff_name"] for event in events}
    return accepted, {who: (accepted[0].stamp, name) for who, name in names.items()}


def _accepted(event: Mapping[str, Any]) -> Accepted:
    at = to_instant(datetime.fromisoformat(event["occurred_at"]))
    checked = {**dict.fromkeys(_MONEY, "0"), **event["data"]}
    checked["items"] = [{**line, "quantity": str(line["quantity"])} for line in checked["items"]]
    fact = fact_of(event["type"], checked, (at, event["id"], event["source"]), 2)
    return Accepted(event["site"], event["source"], event["id"], event["type"], at, _ENCODER.encode(event), fact)


@contextmanager
def _no_collecting() -> Iterator[None]:
    """Building makes millions of short-lived objects and no cycles: looking for some would double its time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _copy(file: Path, to: Path) -> None:
    connection = sqlite3.connect(file)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    shutil.copy(file, to)
