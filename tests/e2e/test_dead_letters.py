"""What could not be counted is seen, put right and counted after all: with a real poison event, in a real browser."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Locator, expect

from services.access.accounts import Accounts
from services.access.sessions import Sessions
from services.clock import now
from services.storage.engine import Store
from tests.conftest import Server
from tests.e2e.conftest import NewScreen, screens
from tests.e2e.screen import Screen
from tests.e2e.till import Till
from tests.services.letters import bury, letter

PATH = "/dead-letters"
GAVE_UP = 60_000
"""ms: five tries with growing pauses, on a slow machine."""
REFUSE = """CREATE TRIGGER refuse BEFORE INSERT ON orders WHEN NEW.order_id = 'poison'
BEGIN SELECT RAISE(ABORT, 'refused by a test'); END"""


@dataclass
class Place:
    """The house's store, as `bury` wants it."""

    store: Store


@pytest.fixture
def place(house: Server) -> Iterator[Place]:
    """The house's store; no letter is left in it at the end."""
    opened = Place(Store(house.database_url))
    yield opened
    with opened.store.writing() as connection:
        connection.exec_driver_sql("DELETE FROM dead_letters")
    opened.store.close()


@pytest.fixture
def open_letters(new_screen: NewScreen, till: Till) -> Callable[..., Screen]:
    """A signed-in page of dead letters, its list read."""

    def make(**options: Any) -> Screen:
        screen = new_screen(**options)
        screen.page.goto(screen.url + PATH)
        expect(screen.page.locator("#dead-letters .pb-skeleton")).to_have_count(0)
        return screen.live().at_rest()

    return make


def store_of(house: Server, sql: str) -> None:
    """Runs a statement in the running server's store."""
    with closing(sqlite3.connect(house.directory / "pulseboard.sqlite3", timeout=30)) as connection:
        connection.execute(sql)
        connection.commit()


def until(true: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def rows(screen: Screen) -> Locator:
    return screen.page.locator("tr[data-letter]")


def said(screen: Screen) -> Locator:
    return screen.page.locator(".pb-letters-said")


def press(screen: Screen, name: str, within: str = "#dead-letters") -> None:
    screen.page.locator(within).get_by_role("button", name=name).first.click()


def test_a_poison_event_is_set_aside_seen_and_counted_when_what_stood_in_its_way_is_gone(
    house: Server, till: Till, place: Place, open_letters: Callable[..., Screen]
) -> None:
    screen = open_letters()
    expect(screen.page.get_by_role("heading", name="Nothing failed")).to_be_visible()
    expect(screen.page.get_by_text("Every accepted event is in the figures.")).to_be_visible()
    before = till.figure("revenue")
    store_of(house, REFUSE)
    poison = till.an_order("7.00", order_id="poison") | {"id": "the-poison"}
    till.post(till.an_order("1.00"), poison, till.an_order("2.00"))
    assert till.figure("revenue") == before + 3

    expect(rows(screen)).to_have_count(1, timeout=GAVE_UP)
    expect(rows(screen)).to_contain_text("Order completed")
    expect(rows(screen)).to_contain_text("the-poison")
    expect(rows(screen)).to_contain_text("5 tries")
    why = rows(screen).locator("[data-column=why]").inner_text()
    assert why
    assert not any(inside in why for inside in ("INSERT", ".py", "refused by a test", "Traceback"))
    expect(screen.page.locator("#dead-letters-dot")).to_have_text("1")
    assert till.figure("revenue") == before + 3

    store_of(house, "DROP TRIGGER refuse")
    press(screen, "Replay")
    expect(said(screen)).to_have_text("the-poison waits in the queue again.")
    expect(rows(screen)).to_have_count(0)
    expect(screen.page.locator("#dead-letters-dot")).to_be_hidden()
    until(lambda: till.figure("revenue") == before + 10)


def test_all_can_be_replayed_at_once(till: Till, place: Place, open_letters: Callable[..., Screen]) -> None:
    before = till.figure("orders")
    bury(place, *(letter(f"again-{number}", when=datetime.now(UTC).isoformat()) for number in range(60)))
    screen = open_letters()
    expect(screen.page.get_by_text("60 events in no figure")).to_be_visible()
    expect(rows(screen)).to_have_count(50)
    press(screen, "Show more")
    expect(rows(screen)).to_have_count(60)
    press(screen, "Replay all")
    expect(said(screen)).to_have_text("60 events wait in the queue again.")
    expect(rows(screen)).to_have_count(0)
    until(lambda: till.figure("orders") == before + 60)


def test_discarding_asks_first(place: Place, open_letters: Callable[..., Screen]) -> None:
    bury(place, letter("keep-me"), letter("drop-me", minute=1))
    screen = open_letters()
    question = screen.page.get_by_role("dialog", name="Discard for good?")
    press(screen, "Discard drop-me")
    expect(question).to_contain_text("drop-me will never be counted in any figure")
    question.get_by_role("button", name="Keep").click()
    expect(question).to_be_hidden()
    expect(rows(screen)).to_have_count(2)
    press(screen, "Discard drop-me")
    question.get_by_role("button", name="Discard").click()
    expect(said(screen)).to_have_text("drop-me is discarded.")
    expect(rows(screen)).to_have_count(1)
    expect(rows(screen)).to_contain_text("keep-me")


def test_discarding_all_asks_for_as_many_as_there_are(place: Place, open_letters: Callable[..., Screen]) -> None:
    bury(place, *(letter(f"e-{number}", minute=number) for number in range(3)))
    screen = open_letters()
    press(screen, "Discard all")
    question = screen.page.get_by_role("dialog", name="Discard for good?")
    expect(question).to_contain_text("3 events will never be counted in any figure")
    question.get_by_role("button", name="Discard").click()
    expect(said(screen)).to_have_text("3 events are discarded.")
    expect(screen.page.get_by_role("heading", name="Nothing failed")).to_be_visible()


def test_the_whole_event_is_shown_as_text_and_never_run(place: Place, open_letters: Callable[..., Screen]) -> None:
    nasty = "<img src=x onerror=\"document.title='run'\"><script>document.title='run'</script>"
    bury(place, letter("nasty", note=nasty, reason=f"order_completed: {nasty}"))
    screen = open_letters()
    expect(rows(screen)).to_contain_text(nasty)
    screen.page.get_by_role("button", name="Order completed").click()
    whole = screen.page.get_by_role("dialog", name="The whole event")
    expect(whole).to_be_visible()
    event = json.loads(whole.locator("pre").inner_text())
    assert (event["id"], event["type"], event["data"]["note"]) == ("nasty", "order_completed", nasty)
    screen.at_rest()
    assert screen.page.title() != "run"
    assert screen.page.locator("main img, main script, dialog img, dialog script").count() == 0


def test_it_works_by_keyboard_alone(place: Place, open_letters: Callable[..., Screen]) -> None:
    bury(place, letter("second"), letter("first", minute=1))
    screen = open_letters()
    keyboard, whole = screen.page.keyboard, screen.page.get_by_role("dialog", name="The whole event")
    opens = screen.page.locator(".pb-letter-open")
    opens.first.focus()
    keyboard.press("Enter")
    expect(whole).to_contain_text("first")
    expect(whole.get_by_role("button", name="Close")).to_be_focused()
    keyboard.press("Escape")
    expect(whole).to_be_hidden()
    expect(opens.first).to_be_focused()
    keyboard.press("Enter")  # the same once more
    expect(whole).to_be_visible()
    keyboard.press("Escape")
    keyboard.press("Tab")
    keyboard.press("Tab")
    keyboard.press("Enter")
    question = screen.page.get_by_role("dialog", name="Discard for good?")
    expect(question.get_by_role("button", name="Keep")).to_be_focused()
    keyboard.press("Tab")
    keyboard.press("Enter")
    expect(rows(screen)).to_have_count(1)
    expect(rows(screen)).to_contain_text("second")
    focused = "document.activeElement.closest('tr[data-letter], #dead-letters-title, .pb-letters') !== null"
    screen.page.wait_for_function(focused)


def test_who_comes_second_is_told_so(house: Server, place: Place, open_letters: Callable[..., Screen]) -> None:
    (dead, _) = bury(place, letter("wanted", minute=1), letter("other"))
    screen = open_letters()
    path = f"{house.url}/analytics/events/dead-letters/{dead.id}/discard"
    assert httpx.post(path, headers=house.headers, timeout=30).status_code == 204
    press(screen, "Replay wanted")
    expect(said(screen)).to_contain_text("Somebody was quicker")
    expect(rows(screen)).to_have_count(1)


def test_the_menu_leads_there_and_says_how_many(place: Place, new_screen: NewScreen) -> None:
    bury(place, letter("e-1"), letter("e-2"))
    screen = new_screen().open()
    screen.page.get_by_label("Signed in as admin, 2 dead letters").click()
    item = screen.page.get_by_role("menuitem", name="Dead letters")
    expect(item).to_contain_text("2")
    item.click()
    expect(rows(screen)).to_have_count(2)
    expect(item).to_be_hidden()
    screen.page.get_by_role("link", name="Overview").click()
    screen.live().settled()
    expect(screen.page.locator("#dead-letters-dot")).to_have_text("2")


def test_on_a_phone_nothing_is_cut_off(place: Place, open_letters: Callable[..., Screen]) -> None:
    bury(place, letter("a-very-long-id-" * 6), letter("e-2", minute=1, reason="Something_without_any_space_" * 8))
    screen = open_letters(width=390, height=844)
    assert screen.page.evaluate("document.scrollingElement.scrollWidth") <= 390
    for button in rows(screen).get_by_role("button").all():
        box = button.bounding_box()
        assert box is not None
        assert 0 <= box["x"] <= box["x"] + box["width"] <= 390
    rows(screen).first.get_by_role("button", name="Order completed").click()
    whole = screen.page.get_by_role("dialog", name="The whole event")
    expect(whole.get_by_role("button", name="Replay")).to_be_in_viewport()
    assert screen.page.evaluate("document.scrollingElement.scrollWidth") <= 390


def test_others_see_neither_the_way_nor_the_page(browser: Browser, house: Server, till: Till, place: Place) -> None:
    bury(place, letter("e-1"))
    user = Accounts(place.store).create("mia", "a good password", "manager")
    token, _ = Sessions(place.store, now).open(user)
    with screens(browser, house.url) as make:
        screen = make()
        screen.page.context.add_cookies([{"name": "pulseboard_session", "value": token, "url": house.url}])
        screen.open()
        screen.page.get_by_label("Signed in as mia").click()
        expect(screen.page.get_by_role("button", name="Sign out")).to_be_visible()
        expect(screen.page.get_by_text("Dead letters")).to_have_count(0)
        screen.page.goto(house.url + PATH)
        expect(screen.page.get_by_role("heading", name="There is no such dashboard")).to_be_visible()
