"""The cache that processes share through Redis, and what serves in its place while Redis is out of reach.

An entry bears the generation it was written in; Redis gets a new one whenever it comes back to somebody, so nothing
that was cached before an outage is served after it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Hashable
from typing import Any

import msgspec

from services import clock
from services.clock import Clock
from services.metrics.answer import Answer
from services.metrics.cache import Entry, InProcessCache, Judge, any_entry
from services.redis_link import Client, RedisLink

KEPT_FOR_STALE_READS = clock.HOUR
"""How much longer than it is good an entry stays: it is what is known while the store cannot be read."""

LARGEST_BYTES = 4 * 1024 * 1024
SHAPE = "answer-1"
"""Part of every key; change it with what an entry means, so that two releases never read each other's."""


class _Written(msgspec.Struct, array_like=True, frozen=True):
    """An entry as it lies in Redis. Decimals travel as text, digit for digit."""

    generation: bytes
    answer: Answer
    versions: Any
    valid_until: int


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Written).decode


class RedisCache:
    """Entries in Redis. Without Redis nothing is found, and nothing kept."""

    def __init__(self, link: RedisLink, clock: Clock) -> None:
        self.link = link
        self._clock = clock
        self._generation = link.key("generation")

    def get(self, key: Hashable, good: Judge = any_entry) -> Entry | None:
        names = [self._generation, self._name(key)]
        generation, found = self.link.call(lambda redis: redis.mget(names), (None, None))
        if generation is None or not isinstance(found, bytes):
            return None
        try:
            written = _decode(found)
        except (msgspec.DecodeError, UnicodeDecodeError):  # not ours, or damaged: as good as nothing
            return None
        if written.generation != generation:
            return None
        entry = Entry(written.answer, _hashable(written.versions), written.valid_until)
        return entry if good(entry) else None

    def put(self, key: Hashable, entry: Entry) -> None:
        written = _encode(_Written(self.link.generation, entry.answer, entry.versions, entry.valid_until))
        if len(written) > LARGEST_BYTES:
            return
        name = self._name(key)
        lasts = max(0, entry.valid_until - self._clock()) + KEPT_FOR_STALE_READS

        def put(redis: Client) -> None:
            redis.set(name, written, px=lasts // 1_000)

        self.link.call(put, None)

    def _name(self, key: Hashable) -> str:
        return self.link.key(SHAPE, hashlib.blake2b(_encode(key), digest_size=24).hexdigest())


class FallbackCache:
    """Redis behind a cache of this process, which alone serves while Redis is out of reach.

    The local one is emptied when Redis goes and when it comes, and spares the way to Redis between: that way costs
    more than all else of a cached read. What it holds and the reader finds out of date is looked for in Redis.
    """

    def __init__(self, shared: RedisCache, local: InProcessCache) -> None:
        self._shared = shared
        self._local = local
        shared.link.follow(lost=local.clear, back=local.clear)

    def get(self, key: Hashable, good: Judge = any_entry) -> Entry | None:
        entry = self._local.get(key, good)
        if entry is None:
            entry = self._shared.get(key, good)
            if entry is not None:
                self._local.put(key, entry)
        return entry

    def put(self, key: Hashable, entry: Entry) -> None:
        self._local.put(key, entry)
        self._shared.put(key, entry)


def _hashable(value: Any) -> Any:
    """Lists as the tuples that they were."""
    return tuple(_hashable(one) for one in value) if isinstance(value, list) else value
