"""The one writer of this process: posts wait in bounded lanes, and what waits in the first is committed together.

A post is done in pieces, each in one transaction; it is answered after its last. Each post of a group stands or falls
alone: where a group fails for a reason that trying again will not mend, its pieces are tried one by one.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from services.errors import QueueFull, StoreUnavailable, WriteConflict
from services.events.lanes import Lane
from services.storage.engine import Store

Work = Callable[[Connection], Any]
"""What is done inside a transaction; what it returns is the answer."""
JointWork = Callable[[Connection, Sequence[Any]], Sequence[Any]]
"""The same for the parts of several pieces at once: an answer for each of them."""

MAX_QUEUE_BYTES = 64 * 1024 * 1024
GROUP_EVENTS = 2_000
LIVE_GROUPS_IN_A_ROW = 20
"""After so many, a piece of backfill that waits is let in between: it is slow then, but it ends."""
TRIES_OF_A_CONFLICT = 4

_log = logging.getLogger("pulseboard.writer")


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of something to be done: pieces of a group with the same work are done together.

    `careful` takes the place of `work` where that failed: it does the same around what cannot be done.
    """

    work: JointWork
    part: Any = None
    events: int = 0
    careful: JointWork | None = None


@dataclass(slots=True, eq=False)
class Post:
    pieces: Sequence[Piece]
    lane: Lane = Lane.LIVE
    size: int = 0
    done: Future[list[Any]] = field(default_factory=Future)
    after: Callable[[list[Any]], None] | None = None
    """Called with the answers once all are on disk, before the poster hears of it."""
    answers: list[Any] = field(default_factory=list)


class Writer:
    """Owns the writing of events; `start` after the fork, `stop` finishes the work in hand."""

    def __init__(self, store: Store, queue_size: int) -> None:
        self._store = store
        self._limit = queue_size
        self._lanes: dict[Lane, deque[tuple[Post, Piece]]] = {lane: deque() for lane in Lane}
        self._some = threading.Condition()
        self._waiting: set[Post] = set()
        self._waiting_bytes = 0
        self._groups_in_a_row = 0
        self._stopping = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Refuses new posts, commits those that wait, and returns."""
        with self._some:
            self._stopping = True
            self._some.notify()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def submit(self, *posts: Post) -> None:
        """Queues all of the posts, or none: raises QueueFull before anything of them is accepted."""
        with self._some:
            if self._stopping:
                raise StoreUnavailable("the server is stopping")
            size = sum(post.size for post in posts)
            if len(self._waiting) + len(posts) > self._limit or self._waiting_bytes + size > MAX_QUEUE_BYTES:
                raise QueueFull("too many posts wait for their commit; post again later")
            self._waiting.update(posts)
            self._waiting_bytes += size
            for post in posts:
                self._lanes[post.lane].extend((post, piece) for piece in post.pieces)
            self._some.notify()

    def run(self, work: Work, lane: Lane = Lane.LIVE) -> Any:
        """Does `work` in a transaction of the writer and returns what it returned."""
        post = Post([Piece(lambda connection, _: [work(connection)])], lane)
        self.submit(post)
        return post.done.result()[0]

    def _run(self) -> None:
        while group := self._take():
            self._commit(group)

    def _take(self) -> list[tuple[Post, Piece]]:
        """What is to be committed next: urgent and live pieces up to a bound, else one of backfill; none at the end."""
        with self._some:
            self._some.wait_for(lambda: self._stopping or any(self._lanes.values()))
            backfill = self._lanes[Lane.BACKFILL]
            group: list[tuple[Post, Piece]] = []
            if not backfill or self._groups_in_a_row < LIVE_GROUPS_IN_A_ROW:
                group = self._take_live()
            self._groups_in_a_row = self._groups_in_a_row + 1 if group else 0
            return group or ([backfill.popleft()] if backfill else [])

    def _take_live(self) -> list[tuple[Post, Piece]]:
        group: list[tuple[Post, Piece]] = []
        events = 0
        for lane in (Lane.URGENT, Lane.LIVE):
            while self._lanes[lane] and events < GROUP_EVENTS:
                group.append(self._lanes[lane].popleft())
                events += group[-1][1].events
        return group

    def _commit(self, group: list[tuple[Post, Piece]], tries: int = 1) -> None:
        group = [(post, piece) for post, piece in group if not post.done.done()]
        try:
            with self._store.writing() as connection:
                answers = _do(connection, [piece for _, piece in group])
        except WriteConflict as error:
            if len(group) > 1:  # each wants its rows in order, but not all of them together: alone they wait in turn
                self._commit_each(group)
            elif tries < TRIES_OF_A_CONFLICT:
                self._commit(group, tries + 1)
            else:
                self._fail(group, error)
        except StoreUnavailable as error:
            self._fail(group, error)
        except Exception as error:  # noqa: BLE001  # not lost: it reaches the one post that causes it
            self._commit_alone(group, error)
        else:
            for (post, _), answer in zip(group, answers, strict=True):
                self._answer(post, answer)

    def _commit_alone(self, group: list[tuple[Post, Piece]], error: Exception) -> None:
        if len(group) > 1:
            self._commit_each(group)
            return
        post, piece = group[0]
        if piece.careful is not None:
            self._commit([(post, Piece(piece.careful, piece.part, piece.events))])
        else:
            _log.error("a post could not be processed", exc_info=error)
            self._fail(group, error)

    def _commit_each(self, group: list[tuple[Post, Piece]]) -> None:
        for one in group:
            self._commit([one])

    def _fail(self, group: list[tuple[Post, Piece]], error: Exception) -> None:
        """The posts' further pieces are not done: their posters send again what they have no answer to."""
        for post, _ in group:
            if not post.done.done():
                self._leave(post)
                post.done.set_exception(error)

    def _answer(self, post: Post, answer: Any) -> None:
        post.answers.append(answer)
        if len(post.answers) < len(post.pieces):
            return
        self._leave(post)
        try:
            if post.after is not None:
                post.after(post.answers)
        except Exception:  # noqa: BLE001  # it is on disk: its poster hears so, whoever else does not
            _log.exception("a commit could not be announced")
        post.done.set_result(post.answers)

    def _leave(self, post: Post) -> None:
        with self._some:
            self._waiting.discard(post)
            self._waiting_bytes -= post.size


def _do(connection: Connection, pieces: Sequence[Piece]) -> list[Any]:
    """The answers to the pieces, in their order."""
    together: dict[JointWork, list[int]] = {}
    for index, piece in enumerate(pieces):
        together.setdefault(piece.work, []).append(index)
    answers: dict[int, Any] = {}
    for work, indices in together.items():
        found = work(connection, [pieces[index].part for index in indices])
        answers.update(zip(indices, found, strict=True))
    return [answers[index] for index in range(len(pieces))]
