"""What this process has told its own clients, by topic version, so that nothing is told twice or left out."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping


class Heard:
    """Two bounds for each topic: the greatest version heard of, and the one up to which everything was told.

    A hint is about one version and names its buckets. Where versions between are missing, another hint is late or
    lost; the hint then stands for all buckets, and what comes late is told already.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._greatest: dict[str, int] = {}
        self._whole: dict[str, int] = {}

    def begin(self, stored: Mapping[str, int]) -> None:
        """What the store says at the start is known: who connects later reads it."""
        with self._lock:
            for topic, version in stored.items():
                self._raise(self._greatest, topic, version)
                self._raise(self._whole, topic, version)

    def hint(self, topics: Mapping[str, int | None]) -> tuple[frozenset[str], frozenset[str]]:
        """Of a hint's topics: (those to be told with its buckets, those to be told for all buckets)."""
        exact: set[str] = set()
        whole: set[str] = set()
        with self._lock:
            for topic, version in topics.items():
                if version is None:
                    exact.add(topic)
                elif version > self._whole.get(topic, 0):
                    (exact if self._follows(topic, version) else whole).add(topic)
        return frozenset(exact), frozenset(whole)

    def greatest(self) -> dict[str, int]:
        """Topic → the greatest version heard of."""
        with self._lock:
            return dict(self._greatest)

    def swept(self, stored: Mapping[str, int]) -> frozenset[str]:
        """Topics whose version in the store nobody has told of: to be told for all buckets."""
        with self._lock:
            missed = {topic: version for topic, version in stored.items() if version > self._greatest.get(topic, 0)}
            for topic, version in missed.items():
                self._raise(self._greatest, topic, version)
                self._raise(self._whole, topic, version)
            return frozenset(missed)

    def _follows(self, topic: str, version: int) -> bool:
        """Whether it is the next one; if versions before it are missing, all up to it counts as told."""
        greatest = self._greatest.get(topic, 0)
        if version <= greatest + 1:
            self._raise(self._greatest, topic, version)
            return True
        self._greatest[topic] = self._whole[topic] = version
        return False

    @staticmethod
    def _raise(bounds: dict[str, int], topic: str, version: int) -> None:
        bounds[topic] = max(version, bounds.get(topic, 0))


def versions_of(topics: Collection[str] | Mapping[str, int]) -> dict[str, int | None]:
    """Topic → version, None where the announcer did not know it."""
    return dict(topics) if isinstance(topics, Mapping) else dict.fromkeys(topics)
