"""What the page of dead letters does and shows, whatever a browser says it wants."""

from __future__ import annotations

from typing import Any

import pytest

from callbacks import dead_letters, page
from callbacks.dead_letters import Wish, answer, whole
from dashboard import dead_letters as view
from services.access.scope import ROLES, Scope
from services.errors import QueueFull, StoreUnavailable
from tests.services.letters import REASON, bury, letter

ADMIN = Scope("user:admin", ROLES["admin"])
OF_HIMSELF = Scope("user:tom", ROLES["admin"], staff_id="7")
ADDRESS = "http://pulseboard.test/"


def shown(children: Any) -> str:
    return str(children)


def test_administrators_find_the_page_even_before_the_first_figure(services: Any) -> None:
    assert "Dead letters" in shown(page.page_at(services, ADMIN, view.PATH, None, ADDRESS).children)


def test_nobody_else_does(services: Any, manager: Scope, order: Any) -> None:
    order("1", "5.00")
    for scope in (manager, OF_HIMSELF):
        assert "There is no such dashboard" in shown(page.page_at(services, scope, view.PATH, None, ADDRESS).children)


def test_the_page_itself_holds_no_letter(services: Any) -> None:
    bury(services, letter("orders-7"))
    assert "orders-7" not in shown(page.page_at(services, ADMIN, view.PATH, None, ADDRESS).children)


def test_the_list_is_read_with_what_it_stands_for(services: Any) -> None:
    (_, newest) = bury(services, letter("e-1"), letter("e-2", minute=1))
    listed, said, state = answer(services, ADMIN, Wish(n=4))
    text = shown(listed)
    assert text.index("e-2") < text.index("e-1")
    assert REASON.partition(": ")[2].capitalize() in text
    assert said is None
    assert state == {"n": 4, "total": 2, "newest": newest.id, "until": newest.died_at, "limit": 50}


def test_times_are_those_of_the_site(services: Any) -> None:
    services.sites.save("tokyo", name="Tokyo bar", tz="Asia/Tokyo", currency="JPY", day_starts_at="00:00")
    (dead,) = bury(services, letter("e-1", site="tokyo"))
    text = shown(answer(services, ADMIN, Wish())[0])
    assert "1 Mar, 21:00" in text
    assert "Tokyo bar" in text
    assert "1 Mar 2026, 21:00:00 JST, after 5 tries" in shown(whole(services, ADMIN, dead.id))


def test_without_letters_it_says_that_all_is_well_only_when_it_is(
    services: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "Every accepted event is in the figures." in shown(answer(services, ADMIN, Wish())[0])
    with monkeypatch.context() as failing:
        failing.setattr(dead_letters, "failing", lambda services: 2)
        text = shown(answer(services, ADMIN, Wish())[0])
    assert "2 events failed and will be tried again" in text
    assert "Every accepted event" not in text


@pytest.mark.parametrize(("act", "word"), [("replay", "waits in the queue again"), ("discard", "is discarded")])
def test_what_is_wanted_is_done_and_said(services: Any, act: str, word: str) -> None:
    (dead,) = bury(services, letter("e-1"))
    listed, said, state = answer(services, ADMIN, Wish(act, dead.id))
    assert f"e-1 {word}" in shown(said)
    assert state["total"] == 0
    again = answer(services, ADMIN, Wish(act, dead.id))
    assert "Somebody was quicker" in shown(again[1])
    assert shown(again[0]) == shown(listed)


def test_who_looks_at_a_letter_that_is_gone_is_told_so(services: Any) -> None:
    assert "Somebody was quicker" in shown(whole(services, ADMIN, "gone"))


@pytest.mark.parametrize("error", [QueueFull("too many posts wait"), StoreUnavailable("the store is away")])
def test_what_cannot_be_done_now_is_said_and_the_list_stays(
    services: Any, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    (dead,) = bury(services, letter("e-1"))

    def fail(*_: Any) -> None:
        raise error

    with monkeypatch.context() as broken:
        broken.setattr(services.dead_letters, "replay", fail)
        listed, said, state = answer(services, ADMIN, Wish("replay", dead.id, n=3))
    assert listed is dead_letters.no_update
    assert str(error).capitalize() in shown(said)
    assert state == {"n": 3}
    assert services.dead_letters.count(ADMIN) == 1


@pytest.mark.parametrize(
    "signal",
    [
        None, 7, "replay", [], {}, {"act": "burn", "id": "x"}, {"act": ["replay"], "id": {}}, {"limit": 0},
        {"limit": 10**9}, {"limit": True}, {"limit": "50"}, {"act": "discard_all", "until": -1},
        {"act": "discard_all", "until": 10**30}, {"act": "discard_all"}, {"act": "discard", "id": "\x00"},
    ],
)  # fmt: skip
def test_whatever_a_browser_sends_nothing_is_lost_by_it(services: Any, signal: Any) -> None:
    bury(services, letter("e-1"))
    listed, _, state = answer(services, ADMIN, Wish.of(signal))
    assert "e-1" in shown(listed)
    assert (state["total"], state["limit"]) == (1, 50)
