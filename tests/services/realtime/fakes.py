"""A hub on a driven clock, and wires that remember what was sent over them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from services.access.scope import ROLES, Permission, Scope
from services.clock import SECOND
from services.realtime import conversation
from services.realtime.connection import Connection
from services.realtime.hub import Hub

ADMIN = Scope("user:admin", ROLES["admin"])
VIEWER = Scope("user:vera", ROLES["viewer"], frozenset({"main"}))


@dataclass
class FakeTransport:
    """Takes `room` frames, then is too slow."""

    room: int = 10_000
    last_heard: float = 0.0
    closed_with: int | None = None
    sent: list[dict[str, Any]] = field(default_factory=list)
    pings: int = 0

    def send(self, text: str) -> bool:
        if len(self.sent) >= self.room:
            self.close(1013, "too slow")
            return False
        self.sent.append(json.loads(text))
        return True

    def ping(self) -> None:
        self.pings += 1

    def close(self, code: int, reason: str) -> None:
        self.closed_with = self.closed_with or code

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [frame for frame in self.sent if frame["type"] == kind]


@dataclass
class FakeCredential:
    scope: Scope | None
    key: str = "one"
    asked: int = 0

    def check(self) -> Scope | None:
        self.asked += 1
        return self.scope


class Room:
    """A hub whose time is moved by hand."""

    def __init__(self, **options: Any) -> None:
        self.seconds = 1000.0
        self.hub = Hub(clock=lambda: int(self.seconds * SECOND), monotonic=lambda: self.seconds, **options)
        self.clients: dict[int, Connection] = {}

    def join(self, scope: Scope = ADMIN, room: int = 10_000, key: str = "one") -> FakeTransport:
        wire = FakeTransport(room, last_heard=self.seconds)
        self.clients[id(wire)] = self.hub.join(scope, FakeCredential(scope, key), wire)
        return wire

    def hear(self, wire: FakeTransport, kind: str, data: dict[str, Any] | None = None) -> None:
        frame: dict[str, Any] = {"type": kind} | ({"data": data} if data is not None else {})
        self.hear_text(wire, json.dumps(frame))

    def hear_text(self, wire: FakeTransport, text: str) -> None:
        conversation.hear(self.hub, self.clients[id(wire)], text)

    def subscribed(self, *topics: str, scope: Scope = ADMIN, **data: Any) -> FakeTransport:
        wire = self.join(scope)
        self.hear(wire, "subscribe", {"topics": list(topics), **data})
        return wire

    def leave(self, wire: FakeTransport) -> None:
        self.hub.leave(self.clients.pop(id(wire)))

    def later(self, seconds: float) -> float:
        """Let time pass, the hub stepping as its thread would; what the last step answered."""
        end = self.seconds + seconds
        pause = self.hub.step()
        while self.seconds + pause < end:
            self.seconds += max(pause, 0.001)
            pause = self.hub.step()
        self.seconds = end
        return self.hub.step()


def without(scope: Scope, permission: Permission) -> Scope:
    return Scope(scope.actor, scope.permissions - {permission}, scope.sites, scope.staff_id)
