"""The one writer: commits shared, a bounded queue, failures that stay with whom they concern, a clean end."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event

from services.errors import QueueFull, StoreUnavailable, WriteConflict
from services.events.writer import GROUP_EVENTS, MAX_QUEUE_BYTES, JointWork, Piece, Post, Work, Writer
from services.storage.engine import Store

SECONDS = 20


class Desk:
    """A writer with a table to write in; `hold` keeps it busy until `let_go`."""

    def __init__(self, path: Path, queue_size: int) -> None:
        self.path = path / "desk.sqlite3"
        self.store = Store(f"sqlite:///{self.path}", busy_timeout=0.05)
        self.writer = Writer(self.store, queue_size)
        self.commits = 0
        self._free = threading.Event()
        with self.store.writing() as connection:
            connection.exec_driver_sql("CREATE TABLE notes (note TEXT)")
        event.listen(self.store.engine, "commit", self._count)
        self.writer.start()

    def _count(self, _: Connection) -> None:
        self.commits += 1

    def hold(self) -> Future[Any]:
        begun = threading.Event()

        def wait(_: Connection) -> None:
            begun.set()
            assert self._free.wait(SECONDS)

        future = self.submit(wait)
        assert begun.wait(SECONDS)
        return future

    def let_go(self) -> None:
        self._free.set()

    def submit(self, work: Work, events: int = 0, **rest: Any) -> Future[Any]:
        answer: Future[Any] = Future()
        post = Post([Piece(alone(work), events=events)], **rest)
        post.done.add_done_callback(lambda done: pass_on(done, answer))
        self.writer.submit(post)
        return answer

    def notes(self) -> list[str]:
        """What another connection sees."""
        with sqlite3.connect(self.path) as another:
            return [row[0] for row in another.execute("SELECT note FROM notes ORDER BY rowid")]


def pass_on(done: Future[list[Any]], answer: Future[Any]) -> None:
    error = done.exception()
    if error is None:
        answer.set_result(done.result()[0])
    else:
        answer.set_exception(error)


def alone(work: Work) -> JointWork:
    return lambda connection, _: [work(connection)]


def note(text: str) -> Work:
    def write(connection: Connection) -> str:
        connection.exec_driver_sql("INSERT INTO notes VALUES (?)", (text,))
        return f"wrote {text}"

    return write


def poison(connection: Connection) -> None:
    note("poison")(connection)
    raise ValueError("no good")


@pytest.fixture
def make_desk(tmp_path: Path) -> Iterator[Callable[[int], Desk]]:
    made: list[Desk] = []

    def make(queue_size: int) -> Desk:
        made.append(Desk(tmp_path, queue_size))
        return made[-1]

    yield make
    for one in made:
        one.let_go()
        one.writer.stop()
        one.store.close()


@pytest.fixture
def desk(make_desk: Callable[[int], Desk]) -> Desk:
    return make_desk(100)


def test_a_post_is_answered_once_it_is_on_disk(desk: Desk) -> None:
    assert desk.submit(note("a")).result(SECONDS) == "wrote a"
    assert desk.notes() == ["a"]


def test_posts_that_wait_together_are_committed_together_in_their_order(desk: Desk) -> None:
    held = desk.hold()
    futures = [desk.submit(note(str(number))) for number in range(40)]
    desk.let_go()
    assert [future.result(SECONDS) for future in futures] == [f"wrote {number}" for number in range(40)]
    held.result(SECONDS)
    assert desk.commits == 2
    assert desk.notes() == [str(number) for number in range(40)]


def test_a_group_is_bounded_by_its_events(desk: Desk) -> None:
    desk.hold()
    futures = [desk.submit(note(str(number)), events=GROUP_EVENTS // 2) for number in range(6)]
    desk.let_go()
    for future in futures:
        future.result(SECONDS)
    assert desk.commits == 1 + 3


def test_a_full_queue_refuses_before_it_accepts_and_takes_posts_again_later(make_desk: Callable[[int], Desk]) -> None:
    desk = make_desk(3)
    desk.hold()
    taken = [desk.submit(note("a")), desk.submit(note("b"))]
    with pytest.raises(QueueFull) as raised:
        desk.submit(note("c"))
    assert raised.value.retry_after == 1
    desk.let_go()
    for future in taken:
        future.result(SECONDS)
    while desk.writer.waiting:
        time.sleep(0.001)
    desk.submit(note("d")).result(SECONDS)
    assert desk.notes() == ["a", "b", "d"]


def test_the_queue_is_bounded_by_bytes_too(desk: Desk) -> None:
    desk.hold()
    desk.submit(note("a"), size=MAX_QUEUE_BYTES)
    with pytest.raises(QueueFull):
        desk.submit(note("b"), size=1)


def test_poison_fails_alone_and_its_neighbours_commit(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    desk.hold()
    before, bad, after = desk.submit(note("a")), desk.submit(poison), desk.submit(note("b"))
    with caplog.at_level(logging.CRITICAL):
        desk.let_go()
        assert before.result(SECONDS) == "wrote a"
        assert after.result(SECONDS) == "wrote b"
        with pytest.raises(ValueError, match="no good"):
            bad.result(SECONDS)
    assert desk.notes() == ["a", "b"]
    assert desk.submit(note("c")).result(SECONDS) == "wrote c"


def test_posts_that_quarrel_together_are_committed_one_by_one(desk: Desk) -> None:
    desk.hold()
    seen: list[object] = []

    def quarrel(connection: Connection) -> Any:
        seen.append(connection.get_transaction())
        if seen[-2:-1] == seen[-1:]:
            raise WriteConflict("others write the same rows now")
        return note("a")(connection)

    futures = [desk.submit(quarrel) for _ in range(3)]
    desk.let_go()
    assert [future.result(SECONDS) for future in futures] == ["wrote a"] * 3
    assert desk.commits == 1 + 3


def test_a_store_that_is_locked_fails_all_that_wait_and_serves_those_that_come_later(desk: Desk) -> None:
    with sqlite3.connect(desk.path, isolation_level=None) as another:
        another.execute("BEGIN IMMEDIATE")
        futures = [desk.submit(note(str(number))) for number in range(3)]
        for future in futures:
            with pytest.raises(StoreUnavailable) as raised:
                future.result(SECONDS)
            assert raised.value.retry_after
        another.execute("ROLLBACK")
    assert desk.submit(note("later")).result(SECONDS) == "wrote later"
    assert desk.notes() == ["later"]


def test_stopping_finishes_what_waits_and_takes_nothing_more(desk: Desk) -> None:
    desk.hold()
    futures = [desk.submit(note(str(number)), events=GROUP_EVENTS) for number in range(3)]
    stopping = threading.Thread(target=desk.writer.stop)
    stopping.start()
    refused = False
    while not refused:
        try:
            futures.append(desk.submit(note("late")))
        except StoreUnavailable:
            refused = True
    desk.let_go()
    stopping.join(SECONDS)
    assert not stopping.is_alive()
    assert all(future.done() and future.exception() is None for future in futures)
    assert len(desk.notes()) == len(futures)


def test_a_commit_is_announced_after_it_is_on_disk_and_before_its_poster_hears(desk: Desk) -> None:
    seen: list[object] = []
    post = Post([Piece(alone(note("a"))), Piece(alone(note("b")))])
    post.after = lambda told: seen.append((told, desk.notes(), post.done.done()))
    desk.writer.submit(post)
    post.done.result(SECONDS)
    assert seen == [(["wrote a", "wrote b"], ["a", "b"], False)]


def test_an_announcement_that_fails_costs_nobody_an_answer(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    def fail(_: object) -> None:
        raise RuntimeError("nobody listens")

    with caplog.at_level(logging.CRITICAL):
        assert desk.submit(note("a"), after=fail).result(SECONDS) == "wrote a"
    assert desk.submit(note("b")).result(SECONDS) == "wrote b"
