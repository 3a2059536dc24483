"""What waits to be sent: a small protocol, and the one that keeps it in memory.

A sender peeks at the oldest events, and discards them when the server has answered for each of them. What a buffer
still holds is unsent; one that keeps its events on disk needs nothing else from the sender.
"""

from __future__ import annotations

import threading
from collections import deque
from itertools import islice
from typing import Protocol

from pulseboard_hooks.events import Event


class Buffer(Protocol):
    def put(self, event: Event) -> bool:
        """Takes the event at the end; False: there is no room, and it was not taken. Never waits for room."""

    def peek(self, limit: int, max_bytes: int) -> list[Event]:
        """The oldest events, at most `limit`, one at least if there is one, others only within `max_bytes`."""

    def discard(self, count: int) -> None:
        """Forgets the `count` oldest events: they are settled."""

    def __len__(self) -> int: ...


class MemoryBuffer:
    """Keeps at most `capacity` events, and loses them with the process."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._events: deque[Event] = deque()
        self._lock = threading.RLock()  # re-entrant: a signal's handler may call a hook, too

    def put(self, event: Event) -> bool:
        with self._lock:
            if len(self._events) >= self._capacity:
                return False
            self._events.append(event)
            return True

    def peek(self, limit: int, max_bytes: int) -> list[Event]:
        batch: list[Event] = []
        with self._lock:
            for event in islice(self._events, limit):
                max_bytes -= len(event.body) + 1
                if batch and max_bytes < 0:
                    break
                batch.append(event)
        return batch

    def discard(self, count: int) -> None:
        with self._lock:
            for _ in range(count):
                self._events.popleft()

    def __len__(self) -> int:
        return len(self._events)
