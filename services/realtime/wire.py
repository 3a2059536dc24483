"""The way of hints through Redis: sent by a thread of its own, heard by another, lost without harm."""

from __future__ import annotations

import secrets
import threading
from collections import Counter, deque
from collections.abc import Callable
from typing import Any

import msgspec

from services.realtime import hints
from services.realtime.hints import Hint, Work
from services.realtime.threads import Repeating
from services.redis_link import Client, RedisLink

LISTEN_SECONDS = 0.5
AWAY_SECONDS = 0.1
IDLE_SECONDS = 60.0
MOST_WAITING = 10_000
AT_ONCE = 200


class Wire:
    """Carries hints to all other processes, and theirs to `take`; `all_hints` False hears of work alone.

    Nobody who sends waits for Redis. Beyond 10,000 that wait, and while Redis is out of reach, hints are dropped.
    """

    def __init__(self, link: RedisLink, take: Callable[[Hint], None], *, all_hints: bool) -> None:
        self.sender = secrets.token_hex(8)
        self.counts: Counter[str] = Counter()
        self._link = link
        self._take = take
        self._hints, self._work = link.key("hints"), link.key("work")
        self._channels = (self._work, self._hints) if all_hints else (self._work,)
        self._waiting: deque[Hint] = deque()
        self._work_waits = False
        self._outgoing = threading.Event()
        self._subscription: Any = None
        self._subscribed_in = -1
        self._threads = (Repeating("sending", self._send, self._outgoing), Repeating("hearing", self._hear))

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Sends what waits, and hears no more."""
        for thread in self._threads:
            thread.stop()
        self._send()
        self._unsubscribe()

    @property
    def running(self) -> bool:
        return all(thread.running for thread in self._threads)

    def put(self, hint: Hint) -> None:
        if len(self._waiting) >= MOST_WAITING:
            self.counts["dropped"] += 1
            return
        self._waiting.append(hint)
        self._outgoing.set()

    def say_work(self) -> None:
        """Many at once are said once."""
        self._work_waits = True
        self._outgoing.set()

    def _send(self) -> float:
        self._outgoing.clear()
        while batch := self._next():

            def publish(redis: Client, batch: list[Hint] = batch) -> bool:
                line = redis.pipeline(transaction=False)
                for hint in batch:
                    line.publish(self._work if isinstance(hint, Work) else self._hints, hints.encode(hint))
                line.execute()
                return True

            self.counts["sent" if self._link.call(publish, False) else "dropped"] += len(batch)
        return IDLE_SECONDS

    def _next(self) -> list[Hint]:
        batch: list[Hint] = []
        if self._work_waits:
            self._work_waits = False
            batch.append(Work(self.sender))
        while self._waiting and len(batch) < AT_ONCE:
            batch.append(self._waiting.popleft())
        return batch

    def _hear(self) -> float:
        if self._link.call(self._listen, False):
            return 0.0
        self._unsubscribe()
        return AWAY_SECONDS

    def _listen(self, redis: Client) -> bool:
        if self._subscription is None or self._subscribed_in != self._link.outages:
            self._unsubscribe()
            self._subscribed_in = self._link.outages
            self._subscription = redis.pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]
            self._subscription.subscribe(*self._channels)
        message = self._subscription.get_message(timeout=LISTEN_SECONDS)
        if message is not None:
            self._hand_over(message["data"])
        return True

    def _hand_over(self, data: bytes) -> None:
        try:
            hint = hints.decode(data)
        except msgspec.DecodeError:  # of another release, or not ours
            self.counts["not_understood"] += 1
            return
        if hint.sender != self.sender:
            self.counts["heard"] += 1
            self._take(hint)

    def _unsubscribe(self) -> None:
        if self._subscription is not None:
            self._subscription.close()
            self._subscription = None
