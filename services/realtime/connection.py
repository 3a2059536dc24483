"""One client of the hub: who it is, what it wants to hear, what is waiting to be told to it."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from services.access.scope import Permission, Scope
from services.clock import Clock
from services.realtime import messages
from services.realtime.changes import Change, Turn
from services.realtime.history import NOT_TIME
from services.realtime.topics import EVERYTHING, patterns_of, permitted

INVALIDATE_EVERY = 0.1
INBOUND_PER_SECOND = 20.0
INBOUND_BURST = 60.0
MAX_PATTERNS = 5_000


class Transport(Protocol):
    """The wire of one client. All may be called from any thread; none waits for the peer."""

    last_heard: float
    """Monotonic seconds of the last sign of life."""

    closed_with: int | None
    """The code it was closed with, by whichever side."""

    def send(self, text: str) -> bool:
        """Queue one frame. False: the buffer is full and the client is being dropped with 1013."""

    def ping(self) -> None:
        """Queue a protocol ping; its answer counts as a sign of life."""

    def close(self, code: int, reason: str) -> None:
        """Send what is queued, then a close frame; the wire ends soon after, whatever the peer does."""


class Credential(Protocol):
    """What a client showed at the door: it can be looked at again for as long as the socket is open."""

    @property
    def key(self) -> Hashable:
        """Equal for two sockets that were opened with the same session or key."""

    def check(self) -> Scope | None:
        """The scope it stands for now, read from the store; None once it was revoked. Raises StoreUnavailable."""


class Allowance:
    """A token bucket: `burst` at once, `rate` a second in the long run."""

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self._rate, self._burst, self._left, self._at = rate, burst, burst, now

    def take(self, now: float) -> bool:
        self._left = min(self._burst, self._left + (now - self._at) * self._rate)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


@dataclass(slots=True)
class Wishes:
    """One subscription: patterns, each with the turns of time that matter to it, and the severities of alerts."""

    patterns: dict[str, frozenset[Turn]] = field(default_factory=dict)
    severities: frozenset[str] | None = None

    def hears(self, topic: str, turn: Turn | str = NOT_TIME) -> bool:
        for pattern in patterns_of(topic):
            turns = self.patterns.get(pattern)
            if turns is not None and (turn == NOT_TIME or turn in turns):
                return True
        return False

    def of(self, change: Change, scope: Scope) -> frozenset[str]:
        """The topics of a change that this subscription is to hear of."""
        turns = change.turns or (NOT_TIME,)
        return frozenset(
            topic
            for topic in change.topics
            if permitted(topic, scope) and any(self.hears(topic, turn) for turn in turns)
        )


class Connection:
    """The hub's side of one client. Its owner, the hub, holds a lock around all but `say`."""

    def __init__(
        self, client_id: str, scope: Scope, credential: Credential, transport: Transport, clock: Clock, now: float
    ) -> None:
        self.client_id = client_id
        self.scope = scope
        self.credential = credential
        self.transport = transport
        self.opened_at = clock()
        self.spoke_at = now
        self.heartbeat_at = now
        self.wishes: dict[messages.SubscriptionType, Wishes] = {}
        self.allowance = Allowance(INBOUND_PER_SECOND, INBOUND_BURST, now)
        self._clock = clock
        self._waiting: Change | None = None
        self._waiting_seq = 0
        self._told = 0
        self._next_at = now

    def say(self, kind: str, data: Mapping[str, Any], seq: int | None = None) -> bool:
        """Queue a frame; False when the client was too slow and is being dropped."""
        return self.transport.send(messages.encode(kind, data, at=self._clock(), seq=seq))

    def wish(self, asked: messages.Subscription) -> list[str]:
        """Add to a subscription; what the scope does not allow is left out and returned."""
        names = asked.topics if asked.topics is not None else (EVERYTHING,)
        refused = [name for name in names if not permitted(name, self.scope)]
        wishes = self.wishes.setdefault(asked.subscription_type, Wishes())
        for name in names:
            if name not in refused and (name in wishes.patterns or self.patterns_held() < MAX_PATTERNS):
                wishes.patterns[name] = frozenset(asked.turns)
        if asked.severity is not None:
            wishes.severities = frozenset(asked.severity)
        return refused

    def withdraw(self, asked: messages.Withdrawal) -> None:
        kinds = [asked.subscription_type] if asked.subscription_type else list(self.wishes)
        for kind in kinds:
            wishes = self.wishes.get(kind)
            if wishes is None:
                continue
            for name in list(wishes.patterns) if asked.topics is None else asked.topics:
                wishes.patterns.pop(name, None)
            if not wishes.patterns:
                del self.wishes[kind]

    def patterns(self) -> frozenset[str]:
        """All patterns of all its subscriptions: where the hub's index lists it."""
        return frozenset(name for wishes in self.wishes.values() for name in wishes.patterns)

    def patterns_held(self) -> int:
        return sum(len(wishes.patterns) for wishes in self.wishes.values())

    def take(self, change: Change, seq: int) -> bool:
        """Put what it is to hear of a change behind what is waiting already; False when there is nothing."""
        wishes = self.wishes.get("dashboard")
        topics = wishes.of(change, self.scope) if wishes else frozenset()
        if not topics:
            return False
        self.put(change.only(topics), seq)
        return True

    def put(self, change: Change, seq: int) -> None:
        """Put a change behind what is waiting; the client will then have been told all up to `seq`."""
        self._waiting = self._waiting.merged(change) if self._waiting else change
        self._waiting_seq = seq

    def due(self, now: float) -> float:
        """Seconds until what is waiting may be sent: the first at once, then one in 100 ms."""
        return max(0.0, self._next_at - now)

    def flush(self, now: float) -> bool:
        """Send what is waiting as one frame; False when the client was too slow."""
        change, self._waiting = self._waiting, None
        if change is None:
            return True
        self._next_at = now + INVALIDATE_EVERY
        self._told = self._waiting_seq
        return self.say("invalidate", messages.invalidation(change), self._waiting_seq)

    def told(self, seq: int) -> int:
        """Up to which position it has been told everything, when the stream stands at `seq`."""
        return self._told if self._waiting else seq

    def metrics_in(self, change: Change) -> frozenset[str]:
        """Topics of a change whose value this client is to be told."""
        wishes = self.wishes.get("metrics")
        if wishes is None or not self.scope.may(Permission.ACCESS_REALTIME):
            return frozenset()
        return wishes.of(change, self.scope)

    def would_hear(self, topic: str, turn: Turn | str = NOT_TIME) -> bool:
        """Whether its dashboard subscription is to hear of this topic."""
        wishes = self.wishes.get("dashboard")
        return wishes is not None and permitted(topic, self.scope) and wishes.hears(topic, turn)

    def hears_alert(self, site: str, severity: str) -> bool:
        wishes = self.wishes.get("alerts")
        if wishes is None or not self.scope.may(Permission.VIEW_DASHBOARD) or not self.scope.sees(site):
            return False
        return wishes.severities is None or severity in wishes.severities

    def describe(self) -> dict[str, Any]:
        """What the connection list shows of it."""
        return {
            "client_id": self.client_id,
            "actor": self.scope.actor,
            "opened_at": messages.moment(self.opened_at),
            "subscriptions": {kind: sorted(wishes.patterns) for kind, wishes in self.wishes.items()},
        }
