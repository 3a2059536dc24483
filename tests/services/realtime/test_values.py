"""Values for subscribers of `metrics`, read within each client's own scope."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from services.access.scope import ROLES, Scope
from services.metrics.answer import Answer, Period, Unit
from services.metrics.query import Query
from services.realtime import values as module
from services.realtime.values import Values
from tests.services.realtime.fakes import ADMIN, Room


@dataclass
class Figure:
    answer: Answer | None


def answer(metric: str) -> Answer:
    return Answer(
        metric=metric, title="", unit=Unit("money", "EUR", 2), group_by=(), groups=(), axes=(), total=Decimal("12.50"),
        previous_total=Decimal("10.00"), compared=True, period=Period(0, 1, 2, "UTC"), as_of=0, has_facts=True,
    )  # fmt: skip


class Reader:
    def __init__(self) -> None:
        self.asked: list[tuple[list[tuple[str, str]], Scope]] = []

    def read(self, queries: Sequence[Query], scope: Scope) -> list[Figure]:
        self.asked.append(([(query.metric, (query.site or ["?"])[0]) for query in queries], scope))
        return [Figure(None if query.metric == "tips" else answer(query.metric)) for query in queries]


@pytest.fixture
def values(monkeypatch: pytest.MonkeyPatch) -> tuple[Room, Reader, Values]:
    monkeypatch.setattr(module, "EVERY_SECONDS", 0.0)
    room, reader = Room(), Reader()
    made = Values(reader.read, lambda: ["main", "other"])
    room.hub.tell_values = made.ask
    return room, reader, made


def told(wire: Any) -> list[tuple[str, Any, Any]]:
    return [
        (frame["data"]["metric"], frame["data"]["value"], frame["data"]["change_percentage"])
        for frame in wire.of("metric_update")
    ]


def test_a_change_is_told_with_its_value_and_many_changes_as_one(values: tuple[Room, Reader, Values]) -> None:
    room, reader, made = values
    wire = room.subscribed("revenue@main", subscription_type="metrics")
    for _ in range(5):
        room.hub.publish({"revenue@main", "orders@main"}, None, "events")
        room.later(0.2)
    made.step()
    assert told(wire) == [("revenue", 12.5, 25.0)]
    assert reader.asked == [([("revenue", "main")], ADMIN)]


def test_what_cannot_be_read_is_left_out(values: tuple[Room, Reader, Values]) -> None:
    room, _, made = values
    wire = room.subscribed("tips@main", "revenue@main", subscription_type="metrics")
    room.hear(wire, "get_current_data")
    made.step()
    assert [metric for metric, *_ in told(wire)] == ["revenue"]


def test_patterns_stand_for_the_sites_of_the_scope(values: tuple[Room, Reader, Values]) -> None:
    room, reader, made = values
    analyst = Scope("user:ann", ROLES["analyst"], frozenset({"other"}))
    wire = room.subscribed("revenue@*", scope=analyst, subscription_type="metrics")
    room.hear(wire, "get_current_data")
    made.step()
    assert reader.asked == [([("revenue", "other")], analyst)]
