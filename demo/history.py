"""What would have happened on a day: the same for the same seed and day, whenever and however often it is asked.

That, and ids made of day and number, is what lets a restart post a day again without counting it twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from demo.menu import STAFF, STOCKED, WEEKDAYS, Person, customer, served_by, shift
from demo.store_room import StoreRoom
from demo.visits import Happening, sold, visit

SEED = 2026
ORDERS_A_DAY = 520
SITE = "main"
SOURCE = "demo"
_OPEN, _CLOSED = 10.5, 23.5  # hours of the wall clock

Event = dict[str, Any]


def events_between(start: datetime, end: datetime, zone: ZoneInfo, seed: int = SEED) -> Iterator[list[Event]]:
    """All events in [start, end), a list for each local day, each in order of time."""
    day = start.astimezone(zone).date()
    while day <= end.astimezone(zone).date():
        events = [event for event in events_of_day(day, zone, seed) if start <= _when(event) < end]
        if events:
            yield events
        day += timedelta(days=1)


def events_of_day(day: date, zone: ZoneInfo, seed: int = SEED) -> list[Event]:
    """The whole day's events in order of time."""
    chance = Random(f"{seed} {day}")  # noqa: S311 - a simulation
    on_duty = shift(chance)
    events: list[Event] = []
    room = StoreRoom()
    begins = datetime.combine(day, time(0))
    for number, hours in enumerate(_arrivals(chance, day), start=1):
        order_id = f"{day:%y%m%d}-{number:04}"
        moment = begins + timedelta(seconds=int(hours * 3600))
        guest = customer(chance, day, number)
        happenings = visit(chance, order_id, moment.hour, served_by(chance, on_duty), guest)
        room.take(sold(happenings))
        events += (event(f"{order_id}-{told.name}", told, moment, zone) for told in happenings)
        if number % 40 == 0:
            events += _stock_taking(f"{day:%y%m%d}-{number:04}", room, moment, zone)
    events += _staff_day(chance, day, on_duty, zone)
    events += _systems_day(chance, day, zone)
    return sorted(events, key=lambda made: (_when(made), made["id"]))


def event(id_: str, told: Happening, moment: datetime, zone: ZoneInfo) -> Event:
    """`told` as an event, `told.after` seconds after `moment` on the wall clock of `zone`."""
    happened = (moment + timedelta(seconds=told.after)).replace(tzinfo=zone).astimezone(UTC).astimezone(zone)
    return {
        "id": id_,
        "type": told.type,
        "source": SOURCE,
        "site": SITE,
        "occurred_at": happened.isoformat(),
        "data": told.data,
    }


def _when(made: Event) -> datetime:
    return datetime.fromisoformat(made["occurred_at"])


def _arrivals(chance: Random, day: date) -> list[float]:
    """When parties come, as hours of the day in order: a lunch peak, a higher dinner peak, and stragglers."""
    busy = WEEKDAYS[day.weekday()] * chance.uniform(0.92, 1.08)
    hours: list[float] = []
    while len(hours) < ORDERS_A_DAY * busy:
        meal = chance.choices(("lunch", "dinner", "between"), (36, 52, 12))[0]
        hour = {
            "lunch": chance.gauss(12.8, 0.75),
            "dinner": chance.gauss(19.4, 1.25),
            "between": chance.uniform(_OPEN, _CLOSED),
        }[meal]
        if _OPEN <= hour < _CLOSED:
            hours.append(hour)
    return sorted(hours)


def _stock_taking(prefix: str, room: StoreRoom, moment: datetime, zone: ZoneInfo) -> Iterator[Event]:
    for told in map(room.report, STOCKED):
        yield event(f"{prefix}-{told.name}", told, moment, zone)


def _staff_day(chance: Random, day: date, on_duty: list[Person], zone: ZoneInfo) -> Iterator[Event]:
    hours = [("clock_in", 9.8), ("break", 15.2), ("clock_out", 23.6)]
    hours += [("upsell", chance.uniform(12, 22)) for _ in range(3)]
    for person in on_duty:
        for number, (action, hour) in enumerate(hours):
            data = {
                "staff_id": person.id,
                "staff_name": person.name,
                "action_type": action,
                "shift_id": f"{day:%y%m%d}-{person.id}",
            }
            happened = datetime.combine(day, time(0)) + timedelta(hours=hour, minutes=chance.randint(-9, 9))
            yield event(f"{day:%y%m%d}-s{person.id}-{number}", Happening("staff", "staff_action", data), happened, zone)


def _systems_day(chance: Random, day: date, zone: ZoneInfo) -> Iterator[Event]:
    for number in range(chance.randint(2, 5)):
        happened = datetime.combine(day, time(4)) + timedelta(seconds=chance.randint(0, 19 * 3600))
        yield event(f"{day:%y%m%d}-y{number}", trouble(chance), happened, zone)
    if chance.random() < 0.4:
        happened = datetime.combine(day, time(20)) + timedelta(seconds=chance.randint(0, 5400))
        yield event(f"{day:%y%m%d}-a", alarm(chance), happened, zone)


def trouble(chance: Random) -> Happening:
    """What the systems report of themselves, mostly harmless."""
    kind, message, severity, service = chance.choices(
        (
            ("backup", "The nightly backup is complete", "low", "backup"),
            ("printer", "The kitchen printer is out of paper", "medium", "printer"),
            ("terminal", "Card terminal 2 answers slowly", "high", "payments"),
            ("network", "The delivery platform is out of reach", "critical", "delivery"),
        ),
        (50, 30, 15, 5),
    )[0]
    data = {"event_type": kind, "message": message, "severity": severity, "source_service": service}
    return Happening("system", "system_event", data)


def alarm(chance: Random) -> Happening:
    """An alert that another system raised."""
    seconds = chance.randint(16, 34)
    data = {
        "alert_name": "Kitchen is slow",
        "message": f"Orders wait {seconds} minutes",
        "metric_name": "preparation_minutes",
        "current_value": seconds,
        "threshold_value": 15,
        "severity": "high" if seconds > 25 else "medium",
    }
    return Happening("alert", "alert_triggered", data)


def clocked(chance: Random) -> Happening:
    """Somebody of the staff does something that is recorded."""
    person = chance.choice(STAFF)
    action = chance.choice(("table_served", "upsell", "break", "table_cleared"))
    data = {"staff_id": person.id, "staff_name": person.name, "action_type": action}
    return Happening("staff", "staff_action", data)
