"""What a client that comes back is told, on a driven clock."""

from __future__ import annotations

from typing import Any

import pytest

from services.realtime.changes import Change
from services.realtime.history import History
from tests.services.realtime.fakes import VIEWER, FakeTransport, Room


@pytest.fixture
def room() -> Room:
    return Room()


def back(room: Room, seq: int, *topics: str, epoch: str | None = None, **more: Any) -> FakeTransport:
    """Somebody comes back who had seen all up to `seq`."""
    since = {"epoch": epoch or room.hub.history.epoch, "seq": seq}
    wire = room.subscribed(*topics, since=since, **more)
    room.hub.step()
    return wire


def recovered(wire: FakeTransport) -> bool:
    return bool(wire.of("subscription_confirm")[0]["data"]["recovered"])


def test_missed_topics_follow_as_one_frame_with_the_hull_of_their_buckets(room: Room) -> None:
    for topics, buckets in (({"revenue@main"}, (1, 2)), ({"tips@main"}, (90, 99)), ({"orders@main"}, (5, 9))):
        room.hub.publish(topics, buckets, "events")
    room.hub.step()
    wire = back(room, 0, "revenue@main", "orders@main")
    (frame,) = wire.of("invalidate")
    assert recovered(wire)
    assert frame["data"]["topics"] == ["orders@main", "revenue@main"]
    assert frame["data"]["buckets"]["to"].endswith(".000009+00:00")
    assert frame["seq"] == 3


def test_who_missed_nothing_is_told_so(room: Room) -> None:
    room.hub.publish({"revenue@main"}, None, "events")
    room.hub.step()
    wire = back(room, 1, "revenue@main")
    assert recovered(wire)
    assert not wire.of("invalidate")


@pytest.mark.parametrize(("seq", "epoch"), [(0, "another"), (99, None)])
def test_another_epoch_or_a_position_from_the_future_means_reading_everything(
    room: Room, seq: int, epoch: str | None
) -> None:
    assert not recovered(back(room, seq, "revenue@main", epoch=epoch))


def test_the_first_subscription_reads_everything(room: Room) -> None:
    assert not recovered(room.subscribed("revenue@main"))


def test_a_change_that_is_published_while_one_subscribes_is_told(room: Room) -> None:
    room.hub.publish({"revenue@main"}, None, "events")  # not told to anybody yet
    wire = back(room, 0, "revenue@main")
    assert wire.of("invalidate")


def test_missed_topics_keep_to_the_scope(room: Room) -> None:
    room.hub.publish({"revenue@main", "revenue@elsewhere"}, None, "events")
    room.hub.step()
    wire = back(room, 0, "*@*", scope=VIEWER)
    assert wire.of("invalidate")[0]["data"]["topics"] == ["revenue@main"]


def test_missed_turns_of_time_keep_to_those_that_matter(room: Room) -> None:
    room.hub.turn({"revenue@main"}, None, {"minute"})
    room.hub.step()
    assert not back(room, 0, "revenue@main", turns=["day"]).of("invalidate")
    assert back(room, 0, "revenue@main", turns=["minute"]).of("invalidate")


def test_topics_are_told_however_long_ago_they_changed_and_only_their_buckets_are_forgotten() -> None:
    history = History(ring=2)
    for n in range(10):
        history.record(Change(frozenset({f"m{n}@main"}), (n, n + 1), "events"))
    long_ago, lately = history.since(3, lambda *_: True), history.since(8, lambda *_: True)
    assert long_ago is not None
    assert long_ago.topics == {f"m{n}@main" for n in range(3, 10)}
    assert long_ago.buckets is None
    assert lately is not None
    assert lately.buckets == (8, 10)
