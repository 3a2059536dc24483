"""The hub: hears what changed, and tells each connected client what of it concerns that client.

`publish` only puts a change into a queue; `step` does the telling, in one thread, and never waits for a client.
"""

from __future__ import annotations

import contextlib
import secrets
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from services.access.scope import Permission, Scope
from services.clock import Clock, now
from services.errors import NotFound, TooManyConnections
from services.realtime import messages
from services.realtime.changes import Buckets, Cause, Change, Turn
from services.realtime.connection import Connection, Credential, Transport
from services.realtime.history import History
from services.realtime.roster import Roster

GOING_AWAY, ABNORMAL, POLICY, SERVICE_RESTART, TOO_SLOW = 1001, 1006, 1008, 1012, 1013
ROUND_SECONDS = 0.5
SILENT_HEARTBEATS = 3
IDLE_SECONDS = 60.0
CLOSE_SECONDS = 2.0

Seen = Callable[[Scope], bool]


class Hub:
    """All sockets of this process."""

    def __init__(
        self,
        *,
        limit: int = 100,
        heartbeat_seconds: float = 10,
        clock: Clock = now,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.limit = limit
        self.heartbeat_seconds = heartbeat_seconds
        self.monotonic = monotonic
        self.clock = clock
        self.history = History()
        self.counts: Counter[str] = Counter()
        self.wake = threading.Event()
        self.tell_values: Callable[[Connection, frozenset[str]], None] = lambda connection, topics: None
        self._lock = threading.RLock()
        self._roster = Roster()
        self._places = 0
        self._changes: deque[Change] = deque()
        self._waiting: set[Connection] = set()
        self._next_round = 0.0
        self._closing = False

    # What the rest of the process tells.

    def publish(self, topics: Collection[str], buckets: Buckets, cause: Cause) -> None:
        """Announce that these topics' figures may have changed; call it after the commit. Never waits."""
        self._changes.append(Change(frozenset(topics), buckets, cause))
        self.wake.set()

    def turn(self, topics: Collection[str], buckets: Buckets, turns: Collection[Turn]) -> None:
        """Announce that time alone moved the ranges of these topics. Never waits."""
        self._changes.append(Change(frozenset(topics), buckets, "time", frozenset(turns)))
        self.wake.set()

    def announce_dashboard(self, dashboard_id: str, version: int, who: str, *, seen_by: Seen | None = None) -> None:
        """Tell those who may see a dashboard that it changed; without `seen_by`, its editor and administrators."""
        data = {"dashboard_id": dashboard_id, "version": version, "who": who}
        may_see = seen_by or (lambda scope: scope.actor == who or (scope.whole and scope.may(Permission.ADMIN)))
        self._tell("dashboard_changed", data, lambda one: "dashboard" in one.wishes and may_see(one.scope))

    def alert(self, alert: Mapping[str, Any], site: str) -> None:
        """Tell subscribers of alerts, as far as they may see the site and asked for the severity."""
        severity = str(alert.get("severity", ""))
        self._tell("alert_notification", {**alert, "site": site}, lambda one: one.hears_alert(site, severity))

    def broadcast(self, message: str) -> int:
        """Send a system message to everybody; how many there were."""
        return self._tell("system_status", {**self.position(), "message": message}, lambda one: True)

    def _tell(self, kind: str, data: Mapping[str, Any], hears: Callable[[Connection], bool]) -> int:
        with self._lock:
            told = [one for one in self._roster if hears(one)]
            for one in told:
                self._count(one.say(kind, data), kind)
            return len(told)

    # Coming, speaking and going.

    @contextlib.contextmanager
    def place(self) -> Iterator[None]:
        """One of the `limit` places, held while the block runs; raises TooManyConnections when all are taken."""
        with self._lock:
            if self._closing or self._places >= self.limit:
                self.counts["refused"] += 1
                raise TooManyConnections("all connections are taken")
            self._places += 1
        try:
            yield
        finally:
            with self._lock:
                self._places -= 1

    def join(self, scope: Scope, credential: Credential, transport: Transport) -> Connection:
        """Greet a client whose handshake is done."""
        client = Connection(secrets.token_hex(8), scope, credential, transport, self.clock, self.monotonic())
        with self._lock:
            self._roster.add(client)
            self.counts["opened"] += 1
            position = self.position()
            client.say("system_status", self._greeting(client) | position, self.history.seq)
            if self._closing:
                transport.close(SERVICE_RESTART, "the server restarts")
        return client

    def _greeting(self, client: Connection) -> dict[str, Any]:
        return {
            "client_id": client.client_id,
            "server_time": messages.moment(self.clock()),
            "permissions": sorted(permission.value for permission in client.scope.permissions),
            "heartbeat_seconds": self.heartbeat_seconds,
        }

    def leave(self, client: Connection) -> None:
        """Forget a client whose wire has ended."""
        with self._lock:
            self._roster.remove(client)
            self._waiting.discard(client)
            self.counts[f"closed_{client.transport.closed_with or ABNORMAL}"] += 1

    @contextlib.contextmanager
    def changing(self, client: Connection) -> Iterator[History]:
        """The block changes the client's subscriptions; no change is told to anybody meanwhile."""
        with self._lock:
            yield self.history
            self._roster.relist(client)

    def owe(self, client: Connection, change: Change) -> None:
        """Let the client hear of a change as soon as its rate allows."""
        with self._lock:
            if client in self._roster:
                client.put(change, self.history.seq)
                self._waiting.add(client)
        self.wake.set()

    def position(self) -> dict[str, Any]:
        """Where the stream of changes stands: what a page bears that is rendered now, as its `since`."""
        return {"epoch": self.history.epoch, "seq": self.history.seq}

    # Telling.

    def step(self) -> float:
        """Tell what is due; the seconds until something else may be."""
        self.wake.clear()
        with self._lock:
            moment = self.monotonic()
            self._spread()
            self._flush(moment)
            if moment >= self._next_round:
                self._next_round = moment + ROUND_SECONDS
                self._go_round(moment)
            return min([self._next_round - moment, *(one.due(moment) for one in self._waiting)])

    def _spread(self) -> None:
        while self._changes:
            change = self._changes.popleft()
            seq = self.history.record(change)
            for client in self._roster.interested(change.topics):
                if client.take(change, seq):
                    self._waiting.add(client)
                if values := client.metrics_in(change):
                    self.tell_values(client, values)

    def _flush(self, moment: float) -> None:
        for client in [one for one in self._waiting if one.due(moment) <= 0]:
            self._waiting.discard(client)
            self._count(client.flush(moment), "invalidate")

    def _go_round(self, moment: float) -> None:
        for client in self._roster:
            if moment - client.transport.last_heard > SILENT_HEARTBEATS * self.heartbeat_seconds:
                client.transport.close(GOING_AWAY, "no sign of life")
            elif not client.wishes and moment - client.spoke_at > IDLE_SECONDS:
                client.transport.close(GOING_AWAY, "idle: nothing subscribed")
            elif moment - client.heartbeat_at >= self.heartbeat_seconds:
                self._beat(client, moment)

    def _beat(self, client: Connection, moment: float) -> None:
        client.heartbeat_at = moment
        told = client.told(self.history.seq)
        client.transport.ping()
        self._count(client.say("heartbeat", {"server_time": messages.moment(self.clock())}, told), "heartbeat")

    def _count(self, sent: bool, kind: str) -> None:
        self.counts["sent_" + kind if sent else "not_sent"] += 1

    # Ending.

    def connections(self) -> list[dict[str, Any]]:
        with self._lock:
            return [client.describe() for client in self._roster]

    def clients(self) -> list[Connection]:
        with self._lock:
            return list(self._roster)

    def end(self, client_id: str) -> None:
        """Close one connection; NotFound when there is none of that id."""
        with self._lock:
            client = self._roster.get(client_id)
        if client is None:
            raise NotFound("no such connection")
        client.transport.close(POLICY, "ended by an administrator")

    def disconnect(self, whose: Callable[[Scope], bool], reason: str = "access changed") -> int:
        """Close all whose scope it is; how many there were."""
        closed = [client for client in self.clients() if whose(client.scope)]
        for client in closed:
            client.transport.close(POLICY, reason)
        return len(closed)

    def close_all(self, code: int = SERVICE_RESTART) -> None:
        """Take nobody any more, close everybody, and wait a moment until they are gone."""
        self._closing = True
        for client in self.clients():
            client.transport.close(code, "the server restarts")
        deadline = time.monotonic() + CLOSE_SECONDS
        while len(self._roster) and time.monotonic() < deadline:
            time.sleep(0.01)

    def stats(self) -> dict[str, Any]:
        with self._lock:
            return {
                "connections": len(self._roster),
                "limit": self.limit,
                **self.position(),
                "subscriptions": self._roster.counts(),
                "opened": self.counts["opened"],
                "refused": self.counts["refused"],
                "dropped_slow": self.counts[f"closed_{TOO_SLOW}"],
                "frames_sent": sum(n for kind, n in self.counts.items() if kind.startswith("sent_")),
            }
