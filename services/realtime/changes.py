"""What changed, and how several changes become one frame. Pure data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from services.clock import Instant

Cause = Literal["events", "time", "cache", "layout"]
Turn = Literal["minute", "hour", "day"]
Buckets = tuple[Instant, Instant] | None
"""Half open; None: any bucket may have changed."""

ALL_TURNS: frozenset[Turn] = frozenset(("minute", "hour", "day"))
_RANK: dict[str, int] = {"time": 0, "layout": 1, "cache": 2, "events": 3}


@dataclass(frozen=True, slots=True)
class Change:
    """Topics whose figures may differ from before, in which buckets, and why.

    `turns` says which turns of time it is about; it is empty for everything that is not time alone.
    """

    topics: frozenset[str]
    buckets: Buckets
    cause: Cause
    turns: frozenset[Turn] = frozenset()

    def merged(self, later: Change) -> Change:
        """Both in one: the union of topics, the hull of buckets, the weightier cause."""
        return Change(
            self.topics | later.topics,
            hull(self.buckets, later.buckets),
            max(self.cause, later.cause, key=_RANK.__getitem__),
            self.turns | later.turns if self.turns and later.turns else frozenset(),
        )

    def only(self, topics: frozenset[str]) -> Change:
        return self if topics == self.topics else Change(topics, self.buckets, self.cause, self.turns)


def hull(one: Buckets, other: Buckets) -> Buckets:
    """The smallest stretch that covers both; None covers everything."""
    if one is None or other is None:
        return None
    return min(one[0], other[0]), max(one[1], other[1])
