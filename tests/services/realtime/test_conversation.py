"""Frames that clients send: what is wrong with one is told to the client, and ends nothing else."""

from __future__ import annotations

import json

import pytest

from services.access.scope import Scope
from services.realtime.watch import Watch
from tests.services.realtime.fakes import ADMIN, VIEWER, FakeCredential, Room


@pytest.fixture
def room() -> Room:
    return Room()


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "[]", "null", "7", '"subscribe"', "{}", '{"type": "shout"}', '{"type": ["subscribe"]}',
        '{"type": "subscribe", "data": []}', '{"type": "subscribe", "data": {"topics": "revenue@main"}}',
        '{"type": "subscribe", "data": {"topics": ["revenue"]}}', '{"type": "subscribe", "data": {"topics": ["@"]}}',
        '{"type": "subscribe", "data": {"topics": ["a@b@c"]}}', '{"type": "subscribe", "data": {"more": 1}}',
        '{"type": "subscribe", "data": {"since": {"epoch": "e", "seq": -1}}}',
        '{"type": "subscribe", "data": {"since": {"epoch": "e", "seq": 1e400}}}',
        '{"type": "subscribe", "data": {"severity": ["loud"]}}', "[" * 5000, "\x00", '{"type": "get_current_data"}',
        json.dumps({"type": "subscribe", "data": {"topics": ["revenue@main"] * 1001}}),
    ],
)  # fmt: skip
def test_what_is_malformed_is_answered_with_an_error_and_the_socket_stays(room: Room, text: str) -> None:
    wire = room.join()
    room.hear_text(wire, text)
    assert wire.sent[-1]["type"] == "error"
    assert wire.sent[-1]["data"]["code"] == "invalid"
    assert wire.closed_with is None


def test_an_error_names_the_field_and_quotes_nothing(room: Room) -> None:
    wire = room.join()
    room.hear(wire, "subscribe", {"topics": ["<script>"]})
    assert wire.sent[-1]["data"]["detail"] == "/data/topics/0: must be a topic such as revenue@main"


def test_too_many_messages_end_the_socket(room: Room) -> None:
    wire = room.join()
    for _ in range(61):
        room.hear(wire, "heartbeat")
    assert wire.sent[-1]["data"]["code"] == "throttled"
    assert wire.closed_with == 1008


def test_a_steady_client_is_never_throttled(room: Room) -> None:
    wire = room.join()
    for _ in range(1000):
        room.hear(wire, "heartbeat")
        room.seconds += 0.06
    assert wire.closed_with is None


def test_subscriptions_add_up_and_are_withdrawn_in_parts_or_whole(room: Room) -> None:
    wire = room.subscribed("revenue@main")
    room.hear(wire, "subscribe", {"topics": ["orders@main", "tips@main"]})
    room.hear(wire, "unsubscribe", {"topics": ["revenue@main"]})
    confirmed = [frame["data"]["subscriptions"] for frame in wire.of("subscription_confirm")]
    assert confirmed[-1] == {"dashboard": ["orders@main", "tips@main"]}
    room.hear(wire, "unsubscribe", {})
    assert wire.sent[-1]["data"]["subscriptions"] == {}
    room.hub.publish({"orders@main"}, None, "events")
    room.hub.step()
    assert not wire.of("invalidate")


def test_get_current_data_has_a_dashboard_read_everything(room: Room) -> None:
    wire = room.subscribed("revenue@main")
    room.hear(wire, "get_current_data")
    room.hub.step()
    assert wire.of("invalidate")[0]["data"] == {"topics": ["revenue@main"], "buckets": None, "cause": "cache"}


def test_signing_out_and_a_changed_role_close_the_socket() -> None:
    room = Room()
    kept, out, changed = room.join(ADMIN), room.join(VIEWER), room.join(VIEWER)
    room.clients[id(out)].credential = FakeCredential(None, "out")
    room.clients[id(changed)].credential = FakeCredential(Scope("user:vera", frozenset()), "changed")
    assert Watch(room.hub).step() <= 4
    assert [wire.closed_with for wire in (kept, out, changed)] == [None, 1008, 1008]


def test_each_credential_is_asked_once_however_many_sockets_it_holds() -> None:
    room, credential = Room(), FakeCredential(ADMIN)
    for _ in range(5):
        room.clients[id(room.join())].credential = credential
    Watch(room.hub).step()
    assert credential.asked == 1
