"""The one cache: answers under (query, scope), each with what it was computed at.

An entry is never deleted when figures change; the reader compares its versions with the store's. So a cache that is
shared, restarted or slow to hear of a change cannot make a figure wrong.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Protocol

from cachetools import LRUCache

from services.clock import Instant
from services.metrics.answer import Answer

_BYTES_FOR_AN_ENTRY = 2_000
_BYTES_FOR_A_GROUP = 350

Versions = tuple[Hashable, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """An answer, the versions of its topics and sites it was computed at, and until when time leaves it true."""

    answer: Answer
    versions: Versions
    valid_until: Instant

    @property
    def size(self) -> int:
        """About how many bytes it takes."""
        return _BYTES_FOR_AN_ENTRY + _BYTES_FOR_A_GROUP * len(self.answer.groups)


Judge = Callable[[Entry], bool]


def any_entry(entry: Entry) -> bool:
    return True


class Cache(Protocol):
    def get(self, key: Hashable, good: Judge = any_entry) -> Entry | None:
        """What is kept under the key, if the reader finds it good; a cache of several layers looks on in the next."""

    def put(self, key: Hashable, entry: Entry) -> None: ...


class InProcessCache:
    """Bounded by bytes; the least recently used goes first."""

    def __init__(self, max_bytes: int) -> None:
        self._entries: LRUCache[Hashable, Entry] = LRUCache(max_bytes, getsizeof=lambda entry: entry.size)
        self._lock = threading.Lock()

    def get(self, key: Hashable, good: Judge = any_entry) -> Entry | None:
        with self._lock:
            entry = self._entries.get(key)
        return entry if entry is not None and good(entry) else None

    def put(self, key: Hashable, entry: Entry) -> None:
        with self._lock:
            if entry.size <= self._entries.maxsize:
                self._entries[key] = entry

    def clear(self) -> None:
        with self._lock:
            self._entries.clear()


class SingleFlight:
    """Of callers that want the same key at once, one computes and the others take what it found."""

    def __init__(self) -> None:
        self._flights: dict[Hashable, threading.Event] = {}
        self._lock = threading.Lock()

    def run(self, key: Hashable, find: Callable[[], Entry | None], compute: Callable[[], Entry]) -> tuple[Entry, bool]:
        """(entry, whether it was computed here). `find` returns what is good enough for this caller, or None."""
        while True:
            found = find()
            if found is not None:
                return found, False
            with self._lock:
                flight = self._flights.get(key)
                leads = flight is None
                if flight is None:
                    flight = self._flights[key] = threading.Event()
            if not leads:
                flight.wait()
                continue
            try:
                found = find()  # another flight may have landed since we looked
                return (found, False) if found is not None else (compute(), True)
            finally:
                with self._lock:
                    del self._flights[key]
                flight.set()
