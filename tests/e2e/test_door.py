"""Who comes in, and who is shown out while looking."""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, WebSocket, expect

from tests.conftest import Server
from tests.e2e.conftest import NewScreen, screens
from tests.e2e.screen import PATIENCE, Screen
from tests.e2e.till import Till

WITHIN = 5.0
"""Seconds in which a lost right closes the socket."""


@pytest.fixture
def own_session(browser: Browser, house: Server, till: Till) -> Iterator[Screen]:
    """A page in a session that this test may end."""
    with screens(browser, house.url) as make:
        yield make().sign_in(house.password).settled()


def leaves_for_the_login(screen: Screen) -> None:
    expect(screen.page).to_have_url(re.compile("/login"), timeout=PATIENCE)
    expect(screen.page.get_by_label("Password")).to_be_visible()


def socket_of(page: Page) -> WebSocket:
    """The socket of a page that is opened now."""
    with page.expect_websocket() as opened:
        page.reload()
    return opened.value


def seconds_until_closed(screen: Screen, socket: WebSocket) -> float:
    started = time.monotonic()
    while not socket.is_closed():
        assert time.monotonic() - started < PATIENCE / 1000
        screen.page.wait_for_timeout(50)
    return time.monotonic() - started


def test_strangers_are_sent_to_the_login_and_from_there_to_where_they_were_going(
    stranger: Screen, house: Server, new_screen: NewScreen
) -> None:
    dashboards = new_screen().rest("GET", "/analytics/dashboards")["dashboards"]
    there = f"/dashboards/{next(one['id'] for one in dashboards if one['name'] == 'Patterns')}"
    stranger.page.goto(house.url + there)
    assert "/login?next=" in stranger.page.url
    stranger.sign_in(house.password, there).settled()
    assert stranger.page.url == house.url + there
    expect(stranger.page.locator(".pb-tab-current")).to_have_text("Patterns")


def test_a_wrong_password_is_told_and_opens_nothing(stranger: Screen, house: Server) -> None:
    stranger.fill_in("not the password")
    problem = stranger.page.get_by_role("alert")
    expect(problem).to_be_visible()
    expect(stranger.page.get_by_label("User name")).to_have_value("admin")
    expect(stranger.page.get_by_label("Password")).to_have_value("")
    stranger.page.goto(house.url)
    assert "/login" in stranger.page.url
    stranger.complaints = [one for one in stranger.complaints if "401" not in one]


def test_signing_out_ends_every_page_of_the_session(own_session: Screen) -> None:
    tab = Screen(own_session.page.context.new_page(), own_session.url)
    tab.page.goto(own_session.url)
    socket = socket_of(tab.page)
    tab.live()
    own_session.page.get_by_label("Signed in as admin").click()
    own_session.page.get_by_role("button", name="Sign out").click()
    assert seconds_until_closed(tab, socket) <= WITHIN
    leaves_for_the_login(own_session)
    leaves_for_the_login(tab)
    own_session.page.go_back()
    leaves_for_the_login(own_session)


def test_a_session_that_is_revoked_loses_its_socket_within_five_seconds(own_session: Screen, house: Server) -> None:
    socket = socket_of(own_session.page)
    own_session.live()
    with sqlite3.connect(house.directory / "pulseboard.sqlite3", timeout=10) as store:
        store.execute("DELETE FROM sessions")
    store.close()
    assert seconds_until_closed(own_session, socket) <= WITHIN
    leaves_for_the_login(own_session)
    # Until the socket told it, the page may have asked how many dead letters there are, and was refused.
    own_session.complaints = [one for one in own_session.complaints if "401" not in one]
