"""The one writer: posts wait in a bounded queue, and all that wait are committed together.

Accepting and applying are one transaction; a post is answered after its commit. Each post of a group stands or
falls alone: where a group fails for a reason that trying again will not mend, its posts are tried one by one.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from services.errors import QueueFull, StoreUnavailable
from services.storage.engine import Store

Work = Callable[[Connection], Any]
"""What a post does inside the transaction; what it returns is the post's answer."""

MAX_QUEUE_BYTES = 64 * 1024 * 1024
GROUP_EVENTS = 5_000

_log = logging.getLogger("pulseboard.writer")


@dataclass(slots=True)
class Post:
    work: Work
    events: int = 0
    size: int = 0
    done: Future[Any] = field(default_factory=Future)
    after: Callable[[Any], None] | None = None
    """Called with the answer once it is on disk, before the poster hears of it."""


class Writer:
    """Owns the writing of events; `start` after the fork, `stop` finishes the work in hand."""

    def __init__(self, store: Store, queue_size: int) -> None:
        self._store = store
        self._queue: queue.Queue[Post | None] = queue.Queue()
        self._limit = queue_size
        self._lock = threading.Lock()
        self._waiting = 0
        self._waiting_bytes = 0
        self._stopping = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Refuses new posts, commits those that wait, and returns."""
        with self._lock:
            self._stopping = True
        self._queue.put(None)
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    @property
    def waiting(self) -> int:
        return self._waiting

    def submit(self, post: Post) -> Future[Any]:
        """Queues the post. Raises QueueFull before anything of it is accepted."""
        with self._lock:
            if self._stopping:
                raise StoreUnavailable("the server is stopping")
            if self._waiting >= self._limit or self._waiting_bytes + post.size > MAX_QUEUE_BYTES:
                raise QueueFull("too many posts wait for their commit; post again later")
            self._waiting += 1
            self._waiting_bytes += post.size
            self._queue.put(post)
        return post.done

    def run(self, work: Work) -> Any:
        """Does `work` in a transaction of the writer and returns what it returned."""
        return self.submit(Post(work)).result()

    def _run(self) -> None:
        running = True
        while running:
            group, running = self._take()
            if group:
                self._commit(group)
                with self._lock:
                    self._waiting -= len(group)
                    self._waiting_bytes -= sum(post.size for post in group)

    def _take(self) -> tuple[list[Post], bool]:
        """All that wait, up to a bound; False once the writer is to stop."""
        group: list[Post] = []
        events = 0
        post = self._queue.get()
        while post is not None:
            group.append(post)
            events += post.events
            if events >= GROUP_EVENTS:
                return group, True
            try:
                post = self._queue.get_nowait()
            except queue.Empty:
                return group, True
        return group, False

    def _commit(self, group: list[Post]) -> None:
        try:
            with self._store.writing() as connection:
                answers = [post.work(connection) for post in group]
        except StoreUnavailable as error:
            for post in group:
                post.done.set_exception(error)
        except Exception as error:  # noqa: BLE001  # not lost: it reaches the one post that causes it
            self._commit_alone(group, error)
        else:
            for post, answer in zip(group, answers, strict=True):
                self._finish(post, answer)

    def _commit_alone(self, group: list[Post], error: Exception) -> None:
        if len(group) == 1:
            _log.error("a post could not be processed", exc_info=error)
            group[0].done.set_exception(error)
            return
        for post in group:
            self._commit([post])

    def _finish(self, post: Post, answer: Any) -> None:
        try:
            if post.after is not None:
                post.after(answer)
        except Exception:  # noqa: BLE001  # it is on disk: its poster hears so, whoever else does not
            _log.exception("a commit could not be announced")
        post.done.set_result(answer)
