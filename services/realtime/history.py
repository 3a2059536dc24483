"""Where the stream of changes stands, and what somebody who was away has missed.

The last position of every topic is kept, so that missed topics can always be told within one epoch; a ring of the
latest changes adds which buckets they touched, as far back as it reaches.
"""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Callable

from services.realtime.changes import Buckets, Change, Turn, hull

RING = 4096
NOT_TIME = ""


class History:
    """Changes in order, each with its position `seq`; `epoch` is new for each start, since positions begin anew.

    Not safe between threads: its owner holds a lock.
    """

    def __init__(self, epoch: str | None = None, ring: int = RING) -> None:
        self.epoch = epoch or secrets.token_hex(8)
        self.seq = 0
        self._latest: deque[tuple[int, Change]] = deque(maxlen=ring)
        self._last: dict[tuple[str, Turn | str], int] = {}

    def record(self, change: Change) -> int:
        """The position that the change now has."""
        self.seq += 1
        self._latest.append((self.seq, change))
        for turn in change.turns or (NOT_TIME,):
            for topic in change.topics:
                self._last[topic, turn] = self.seq
        return self.seq

    def knows(self, epoch: str, seq: int) -> bool:
        """Whether what was missed since that position can be told."""
        return epoch == self.epoch and seq <= self.seq

    def since(self, seq: int, wanted: Callable[[str, Turn | str], bool]) -> Change | None:
        """All that a subscriber missed after `seq`, as one change; None when it missed nothing."""
        missed = frozenset(topic for (topic, turn), last in self._last.items() if last > seq and wanted(topic, turn))
        return Change(missed, self._buckets_since(seq, missed), "events") if missed else None

    def _buckets_since(self, seq: int, topics: frozenset[str]) -> Buckets:
        if not self._latest or self._latest[0][0] > seq + 1:
            return None
        touched = [change.buckets for at, change in self._latest if at > seq and change.topics & topics]
        whole = touched[0]
        for buckets in touched[1:]:
            whole = hull(whole, buckets)
        return whole
