"""The hub on a driven clock: coalescing, scope, heartbeats, slow and idle clients, the end."""

from __future__ import annotations

import pytest

from services.access.scope import ROLES, Permission, Scope
from services.errors import NotFound, TooManyConnections
from tests.services.realtime.fakes import ADMIN, VIEWER, FakeTransport, Room, without


@pytest.fixture
def room() -> Room:
    return Room(limit=3, heartbeat_seconds=10)


def test_the_greeting_tells_who_one_is_and_where_the_stream_stands(room: Room) -> None:
    greeting = room.join(VIEWER).sent[0]
    assert greeting["type"] == "system_status"
    assert greeting["data"]["permissions"] == ["view_dashboard"]
    assert greeting["data"]["epoch"] == room.hub.history.epoch
    assert greeting["data"]["seq"] == greeting["seq"] == 0
    assert greeting["data"]["heartbeat_seconds"] == 10
    assert {"client_id", "server_time"} <= greeting["data"].keys()
    assert {"type", "data", "timestamp", "message_id"} <= greeting.keys()


def test_the_first_invalidation_is_sent_at_once(room: Room) -> None:
    wire = room.subscribed("revenue@main", "orders@main")
    room.hub.publish({"revenue@main", "tips@main"}, (60_000_000, 120_000_000), "events")
    room.hub.step()
    (frame,) = wire.of("invalidate")
    assert frame["data"] == {
        "topics": ["revenue@main"],
        "buckets": {"from": "1970-01-01T00:01:00+00:00", "to": "1970-01-01T00:02:00+00:00"},
        "cause": "events",
    }
    assert frame["seq"] == 1


def test_a_burst_is_one_frame_at_once_and_one_for_each_100_ms(room: Room) -> None:
    wire = room.subscribed("revenue@main", "orders@main")
    for _ in range(100):
        room.hub.publish({"revenue@main"}, (1, 2), "events")
        room.hub.publish({"orders@main"}, (5, 9), "events")
        room.later(0.01)
    room.later(0.2)
    frames = wire.of("invalidate")
    assert 10 <= len(frames) <= 12
    assert frames[-1]["seq"] == 200
    assert frames[1]["data"]["topics"] == ["orders@main", "revenue@main"]
    assert frames[1]["data"]["buckets"] == {
        "from": "1970-01-01T00:00:00.000001+00:00",
        "to": "1970-01-01T00:00:00.000009+00:00",
    }


def test_a_client_hears_only_of_sites_of_its_scope_even_with_wildcards(room: Room) -> None:
    wire = room.subscribed("*@*", scope=VIEWER)
    room.hub.publish({"revenue@main", "revenue@elsewhere"}, None, "events")
    room.hub.step()
    assert [frame["data"]["topics"] for frame in wire.of("invalidate")] == [["revenue@main"]]


def test_a_topic_outside_the_scope_is_refused_and_the_others_are_subscribed(room: Room) -> None:
    wire = room.subscribed("revenue@elsewhere", "orders@main", scope=VIEWER)
    assert wire.of("error")[0]["data"]["code"] == "forbidden"
    assert wire.of("subscription_confirm")[0]["data"]["subscriptions"] == {"dashboard": ["orders@main"]}


def test_someone_limited_to_their_own_figures_hears_of_metrics_by_staff_alone(room: Room) -> None:
    waiter = Scope("user:mia", ROLES["analyst"], frozenset({"main"}), staff_id="7")
    wire = room.subscribed("*@main", scope=waiter)
    room.hub.publish({"revenue@main", "payments@main"}, None, "events")
    room.hub.step()
    assert wire.of("invalidate")[0]["data"]["topics"] == ["revenue@main"]


def test_without_topics_one_hears_of_all_that_the_scope_allows(room: Room) -> None:
    wire = room.join(VIEWER)
    room.hear(wire, "subscribe", {})
    room.hub.publish({"tax@main"}, None, "cache")
    room.hub.step()
    assert wire.of("invalidate")[0]["data"]["buckets"] is None


def test_values_take_the_permission_for_streaming(room: Room) -> None:
    asked: list[frozenset[str]] = []
    room.hub.tell_values = lambda client, topics: asked.append(topics)
    refused = room.subscribed("revenue@main", scope=VIEWER, subscription_type="metrics")
    assert refused.of("error")[0]["data"]["code"] == "forbidden"
    assert not refused.of("subscription_confirm")
    room.subscribed("revenue@main", subscription_type="metrics")
    room.hub.publish({"revenue@main"}, None, "events")
    room.hub.step()
    assert asked == [frozenset({"revenue@main"})]


def test_nobody_without_view_dashboard_hears_anything(room: Room) -> None:
    wire = room.subscribed("*@*", scope=without(ADMIN, Permission.VIEW_DASHBOARD))
    room.hub.publish({"revenue@main"}, None, "events")
    room.hub.step()
    assert not wire.of("invalidate")


def test_only_turns_that_move_a_clients_ranges_are_told_to_it(room: Room) -> None:
    by_day = room.subscribed("revenue@main", turns=["day"])
    by_minute = room.subscribed("revenue@main", turns=["minute", "day"])
    room.hub.turn({"revenue@main"}, (1, 2), {"minute"})
    room.later(0.2)
    room.hub.turn({"revenue@main"}, (2, 3), {"minute", "hour", "day"})
    room.later(0.2)
    assert len(by_day.of("invalidate")) == 1
    assert [frame["data"]["turns"] for frame in by_minute.of("invalidate")] == [["minute"], ["day", "hour", "minute"]]
    assert by_minute.of("invalidate")[0]["data"]["cause"] == "time"


def test_events_outweigh_time_in_one_frame(room: Room) -> None:
    wire = room.subscribed("*@main")
    room.hub.turn({"revenue@main"}, (1, 2), {"minute"})
    room.hub.publish({"orders@main"}, (2, 3), "events")
    room.hub.step()
    (frame,) = wire.of("invalidate")
    assert frame["data"]["cause"] == "events"
    assert "turns" not in frame["data"]


def test_a_slow_client_is_dropped_and_the_others_are_served(room: Room) -> None:
    slow = room.join(room=3)
    room.hear(slow, "subscribe", {"topics": ["revenue@main"]})
    quick = room.subscribed("revenue@main")
    for _ in range(5):
        room.hub.publish({"revenue@main"}, None, "events")
        room.later(0.2)
    assert slow.closed_with == 1013
    assert len(quick.of("invalidate")) == 5
    room.leave(slow)
    assert room.hub.stats()["dropped_slow"] == 1


def test_heartbeats_bear_the_position_up_to_which_all_is_told(room: Room) -> None:
    wire = room.subscribed("orders@main")
    room.hub.publish({"revenue@main"}, None, "events")
    wire.last_heard = room.seconds + 10
    room.later(11)
    assert wire.of("heartbeat")[0]["seq"] == 1
    assert wire.pings == 1


def test_a_silent_wire_is_given_up_after_three_heartbeats(room: Room) -> None:
    wire = room.subscribed("revenue@main")
    room.later(29)
    assert wire.closed_with is None
    room.later(2)
    assert wire.closed_with == 1001


def test_who_subscribes_to_nothing_is_ended(room: Room) -> None:
    wire = room.join()
    for _ in range(62):
        wire.last_heard = room.seconds
        room.later(1)
    assert wire.closed_with == 1001


def test_a_listener_that_answers_pings_stays(room: Room) -> None:
    wire = room.subscribed("revenue@main")
    for _ in range(200):
        wire.last_heard = room.seconds
        room.later(1)
    assert wire.closed_with is None


def test_places_are_limited_and_given_back(room: Room) -> None:
    with room.hub.place(), room.hub.place():
        with room.hub.place(), pytest.raises(TooManyConnections), room.hub.place():
            pass
        with room.hub.place():
            pass
    assert room.hub.stats()["refused"] == 1


def test_after_leaving_nothing_is_kept(room: Room) -> None:
    wire = room.subscribed("revenue@main")
    room.hub.publish({"revenue@main"}, None, "events")
    room.leave(wire)
    room.hub.step()
    assert room.hub.stats()["connections"] == 0
    assert room.hub.stats()["subscriptions"] == {}


def test_closing_all_says_that_the_server_restarts_and_lets_nobody_in(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.realtime.hub.CLOSE_SECONDS", 0.0)
    wire = room.join()
    room.hub.close_all(1012)
    assert wire.closed_with == 1012
    with pytest.raises(TooManyConnections), room.hub.place():
        pass
    assert room.join().closed_with == 1012


def test_an_administrator_ends_one_connection(room: Room) -> None:
    one, other = room.join(), room.join()
    room.hub.end(one.sent[0]["data"]["client_id"])
    assert (one.closed_with, other.closed_with) == (1008, None)
    with pytest.raises(NotFound):
        room.hub.end("nobody")


def test_disconnect_closes_those_it_is_about(room: Room) -> None:
    admin, viewer = room.join(ADMIN), room.join(VIEWER)
    assert room.hub.disconnect(lambda scope: scope.actor == "user:vera") == 1
    assert (admin.closed_with, viewer.closed_with) == (None, 1008)


def test_a_changed_dashboard_is_told_to_those_who_may_see_it(room: Room) -> None:
    admin, viewer = room.subscribed("*@*"), room.subscribed("*@main", scope=VIEWER)
    room.hub.announce_dashboard("d1", 4, "user:admin")
    assert admin.of("dashboard_changed")[0]["data"] == {"dashboard_id": "d1", "version": 4, "who": "user:admin"}
    assert not viewer.of("dashboard_changed")


def test_alerts_keep_to_site_and_severity(room: Room) -> None:
    wire = room.join(VIEWER)
    room.hear(wire, "subscribe", {"subscription_type": "alerts", "severity": ["high", "critical"]})
    room.hub.alert({"name": "a", "severity": "high"}, "main")
    room.hub.alert({"name": "b", "severity": "low"}, "main")
    room.hub.alert({"name": "c", "severity": "high"}, "elsewhere")
    assert [frame["data"]["name"] for frame in wire.of("alert_notification")] == ["a"]


def test_broadcast_reaches_everybody(room: Room) -> None:
    wires: list[FakeTransport] = [room.join(), room.join(VIEWER)]
    assert room.hub.broadcast("down at noon") == 2
    assert all(wire.sent[-1]["data"]["message"] == "down at noon" for wire in wires)


def test_the_step_tells_when_something_is_due_next(room: Room) -> None:
    room.subscribed("revenue@main")
    room.hub.publish({"revenue@main"}, None, "events")
    room.hub.step()
    room.hub.publish({"revenue@main"}, None, "events")
    assert room.hub.step() == pytest.approx(0.1, abs=0.001)
