"""Who is connected, and who is to hear of which topic. Not safe between threads: its owner holds a lock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from services.realtime.connection import Connection
from services.realtime.topics import patterns_of


class Roster:
    """Connections, and an index from pattern to those that named it."""

    def __init__(self) -> None:
        self._connections: dict[str, Connection] = {}
        self._named: dict[str, set[Connection]] = {}
        self._listed: dict[Connection, frozenset[str]] = {}

    def __len__(self) -> int:
        return len(self._connections)

    def __iter__(self) -> Iterator[Connection]:
        return iter(tuple(self._connections.values()))

    def __contains__(self, connection: Connection) -> bool:
        return connection.client_id in self._connections

    def get(self, client_id: str) -> Connection | None:
        return self._connections.get(client_id)

    def add(self, connection: Connection) -> None:
        self._connections[connection.client_id] = connection

    def remove(self, connection: Connection) -> None:
        if self._connections.pop(connection.client_id, None) is not None:
            self._relist(connection, frozenset())

    def relist(self, connection: Connection) -> None:
        """Take up what the connection's subscriptions name now."""
        if connection in self:
            self._relist(connection, connection.patterns())

    def _relist(self, connection: Connection, patterns: frozenset[str]) -> None:
        before = self._listed.pop(connection, frozenset())
        for name in before - patterns:
            self._named[name].discard(connection)
            if not self._named[name]:
                del self._named[name]
        for name in patterns - before:
            self._named.setdefault(name, set()).add(connection)
        if patterns:
            self._listed[connection] = patterns

    def interested(self, topics: frozenset[str]) -> set[Connection]:
        """All who named any of these topics, themselves or by a pattern."""
        found: set[Connection] = set()
        for topic in topics:
            for name in patterns_of(topic):
                found |= self._named.get(name, set())
        return found

    def counts(self) -> dict[str, int]:
        """How many connections name each pattern."""
        return dict(sorted(Counter({name: len(who) for name, who in self._named.items()}).items()))
