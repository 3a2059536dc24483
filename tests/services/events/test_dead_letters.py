"""Dead letters: read page by page, replayed or discarded once, each within its reader's sites."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import Connection

from services.access.scope import ROLES, Scope
from services.errors import Forbidden, InvalidRequest, NotFound
from services.events import dead_letters
from services.events.dead_letters import DeadLetters, event_of
from services.events.lanes import Lane
from services.metrics.sites import Sites
from services.storage import queue
from services.storage.engine import Store
from services.storage.queue import Waiting
from tests.backends.templates import BlankStore
from tests.services.letters import NOON, bury, letter

pytestmark = pytest.mark.stores("sqlite", "postgresql")

ADMIN = Scope("user:admin", ROLES["admin"])
OF_BAR = Scope("user:ben", ROLES["admin"], frozenset({"bar", "a site that is gone"}))


@dataclass
class Office:
    """A store with the sites main and bar, whose processor does not run."""

    store: Store
    woken: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.letters = DeadLetters(self.store, self.write, lambda: self.woken.append("woken"), lambda: NOON)

    def write(self, work: Callable[[Connection], Any]) -> Any:
        with self.store.writing() as connection:
            return work(connection)

    def waiting(self) -> list[Waiting]:
        """What a processor would find, row by row."""

        def take(connection: Connection) -> list[Waiting]:
            rows: list[Waiting] = []
            while taken := queue.claim(connection, NOON, NOON, [1, 1, 1]):
                queue.remove(connection, taken)
                rows += taken
            return rows

        return list(self.write(take))

    def left(self, scope: Scope = ADMIN) -> list[str]:
        return [one.event_id for one in self.letters.page(scope, 100).letters]


@pytest.fixture
def office(blank_store: BlankStore) -> Iterator[Office]:
    with blank_store() as url:
        store = Store(url)
        for site in ("main", "bar"):
            Sites(store, print).save(site, name=site, tz="UTC", currency="EUR", day_starts_at="00:00")
        yield Office(store)
        store.close()


def test_the_newest_come_first_page_by_page(office: Office) -> None:
    bury(office, *(letter(f"e-{minute}", minute=minute) for minute in (2, 0, 4, 1, 3)))
    seen, cursor = [], None
    for expected in (2, 2, 1):
        page = office.letters.page(ADMIN, 2, cursor)
        assert (len(page.letters), page.total) == (expected, 5)
        seen += [one.event_id for one in page.letters]
        cursor = page.next_cursor
    assert seen == ["e-4", "e-3", "e-2", "e-1", "e-0"]
    assert cursor is None


def test_those_that_died_at_the_same_moment_are_each_listed_once(office: Office) -> None:
    bury(office, *(letter(f"e-{number}") for number in range(7)))
    seen, cursor = set[str](), None
    for _ in range(4):
        page = office.letters.page(ADMIN, 2, cursor)
        seen |= {one.event_id for one in page.letters}
        cursor = page.next_cursor
    assert (len(seen), cursor) == (7, None)


@pytest.mark.parametrize("cursor", ["", "1", "x.y", "1.", "-1.a", "99999999999999999999.a", "1.ü", "1.a b"])
def test_a_cursor_that_is_none_is_refused(office: Office, cursor: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        office.letters.page(ADMIN, 2, cursor)
    assert refused.value.pointer == "/cursor"


def test_nothing_dead_is_an_empty_page(office: Office) -> None:
    page = office.letters.page(ADMIN, 50)
    assert (page.letters, page.total, page.next_cursor) == ([], 0, None)
    assert office.letters.count(ADMIN) == 0


def test_a_replayed_event_waits_again_as_if_it_had_never_been_tried(office: Office) -> None:
    (dead,) = bury(office, letter("e-1"))
    assert office.letters.replay(dead.id, ADMIN).event_id == "e-1"
    assert office.woken == ["woken"]
    (row,) = office.waiting()
    assert (row.site, row.lane, row.attempts, row.events) == ("main", Lane.LIVE, 0, 1)
    assert json.loads(row.payload) == [json.loads(dead.body)]
    assert office.left() == []


@pytest.mark.parametrize(
    ("kind", "data", "lane"),
    [
        ("payment_processed", {}, Lane.URGENT),
        ("order_cancelled", {}, Lane.URGENT),
        ("system_event", {"severity": "critical"}, Lane.URGENT),
        ("system_event", {"severity": "low"}, Lane.LIVE),
        ("staff_action", {"note": "critical"}, Lane.LIVE),
    ],
)
def test_it_goes_by_its_usual_lane(office: Office, kind: str, data: dict[str, str], lane: Lane) -> None:
    (dead,) = bury(office, letter("e-1", type=kind, **data))
    office.letters.replay(dead.id, ADMIN)
    assert [row.lane for row in office.waiting()] == [lane]


def test_a_discarded_event_is_nowhere_to_be_counted_and_the_log_says_who_did_it(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    (dead, _) = bury(office, letter("e-1"), letter("e-2"))
    with caplog.at_level(logging.INFO, "pulseboard.dead_letters"):
        office.letters.discard(dead.id, ADMIN)
    assert office.left() == ["e-2"]
    assert (office.waiting(), office.woken) == ([], [])
    assert "user:admin discards the event e-1 (order_completed) of till at main" in caplog.text


@pytest.mark.parametrize("act", ["replay", "discard"])
def test_of_two_who_click_at_once_one_is_told_that_it_is_gone(office: Office, act: str) -> None:
    (dead,) = bury(office, letter("e-1"))

    def click(_: int) -> str:
        try:
            getattr(office.letters, act)(dead.id, ADMIN)
        except NotFound:
            return "gone"
        return "done"

    with ThreadPoolExecutor(4) as people:
        assert sorted(people.map(click, range(4))) == ["done", "gone", "gone", "gone"]
    assert len(office.waiting()) == (act == "replay")


@pytest.mark.parametrize("letter_id", ["nothing", "", "a\x00b", "\ud800", "x" * 200])
def test_an_id_that_is_none_is_not_found(office: Office, letter_id: str) -> None:
    for ask in (office.letters.get, office.letters.replay, office.letters.discard):
        with pytest.raises(NotFound):
            ask(letter_id, ADMIN)


def test_nobody_reaches_beyond_their_sites(office: Office) -> None:
    (main, bar) = bury(office, letter("e-main"), letter("e-bar", site="bar"))
    assert office.left(OF_BAR) == ["e-bar"]
    assert (office.letters.count(OF_BAR), office.letters.page(OF_BAR, 1).total) == (1, 1)
    for ask in (office.letters.get, office.letters.replay, office.letters.discard):
        with pytest.raises(NotFound):
            ask(main.id, OF_BAR)
    assert office.letters.replay_all(OF_BAR) == 1
    bury(office, bar)
    assert office.letters.discard_all(OF_BAR, NOON) == 1
    assert office.left() == ["e-main"]


@pytest.mark.parametrize(
    "scope",
    [Scope("user:eva", ROLES["manager"]), Scope("user:tom", ROLES["admin"], staff_id="7")],
    ids=["no administrator", "own figures alone"],
)
def test_whole_events_are_for_administrators_of_everybody(office: Office, scope: Scope) -> None:
    (dead,) = bury(office, letter("e-1"))
    asks: list[Callable[[], object]] = [
        lambda: office.letters.page(scope, 1),
        lambda: office.letters.get(dead.id, scope),
        lambda: office.letters.replay(dead.id, scope),
        lambda: office.letters.discard(dead.id, scope),
        lambda: office.letters.replay_all(scope),
        lambda: office.letters.discard_all(scope, NOON),
    ]
    for ask in asks:
        with pytest.raises(Forbidden):
            ask()
    assert office.left() == ["e-1"]


def test_all_are_replayed_however_many(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dead_letters, "AT_ONCE", 3)
    bury(office, *(letter(f"e-{number}", minute=number // 4) for number in range(10)))
    assert office.letters.replay_all(ADMIN) == 10
    assert sorted(json.loads(row.payload)[0]["id"] for row in office.waiting()) == sorted(
        f"e-{number}" for number in range(10)
    )
    assert office.left() == []


def test_those_that_die_again_while_all_are_replayed_are_left_for_the_next_time(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dead_letters, "AT_ONCE", 1)
    bury(office, letter("e-1"), letter("e-2", minute=1))
    write = office.write

    def write_and_fail_again(work: Callable[[Connection], Any]) -> Any:
        taken = write(work)
        bury(office, letter("again", minute=9))
        return taken

    monkeypatch.setattr(office.letters, "_write", write_and_fail_again)
    assert office.letters.replay_all(ADMIN) == 2
    assert office.left() == ["again", "again"]


def test_discarding_all_spares_what_died_after_it_was_looked_at(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    bury(office, letter("e-1"), letter("e-2", minute=1), letter("unseen", minute=2))
    seen = letter("e-2", minute=1).died_at
    assert office.letters.discard_all(ADMIN, seen) == 2
    assert office.left() == ["unseen"]
    assert all(name in caplog.text for name in ("e-1", "e-2"))


def test_an_event_is_shown_as_it_was_posted(office: Office) -> None:
    shown = event_of(letter("e-1", note="<b>late</b>"))
    assert list(shown) == ["id", "type", "source", "site", "occurred_at", "data"]
    assert (shown["id"], shown["occurred_at"]) == ("e-1", "2026-03-01T12:00:00+00:00")
    assert shown["data"]["note"] == "<b>late</b>"
