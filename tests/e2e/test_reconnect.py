"""What a person is told while the connection is gone, and what is right all the same; see test_connection.py too."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.conftest import Server
from tests.e2e.conftest import often, screens
from tests.e2e.screen import Screen
from tests.e2e.till import Till
from tests.faults.proxy import Proxy

HEARTBEAT = 2.0
TICK = 1.0
"""The page looks at the clock once a second."""


@pytest.fixture
def proxy(house: Server) -> Iterator[Proxy]:
    with Proxy(("127.0.0.1", house.port)) as made:
        yield made


@pytest.fixture
def screen(browser: Browser, house: Server, till: Till, proxy: Proxy) -> Iterator[Screen]:
    """A page that reaches the server through the proxy."""
    with screens(browser, proxy.url) as make:
        made = make().sign_in(house.password).settled()
        yield made
        made.complaints = [one for one in made.complaints if not lost_connection(one)]


def lost_connection(complaint: str) -> bool:
    """What a browser says by itself when the network or a place is refused."""
    known = ("net::ERR_", "WebSocket connection to", "Failed to fetch", "Callback failed: the server did not respond")
    return any(words in complaint for words in known)


def test_what_cannot_be_known_to_be_new_looks_so(screen: Screen, proxy: Proxy) -> None:
    content, card, state = "#body-revenue .pb-content", "#cell-revenue", screen.page.locator("#connection-state")
    fresh = (screen.style(content, "opacity"), screen.style(card, "border-top-style"))
    assert fresh == ("1", "solid")
    before = screen.shown
    proxy.refuse()
    screen.connection("reconnecting", 3)
    expect(state).to_have_text("Reconnecting…")
    expect(screen.page.locator(content)).to_have_css("opacity", "0.5")
    assert screen.style(card, "border-top-style") == "dashed"
    screen.connection("polling", 20)
    expect(state).to_have_text("Polling")
    expect(screen.page.locator(content)).not_to_have_css("opacity", "1")
    assert screen.style(card, "border-top-style") == "dashed"
    expect(screen.body("revenue").locator("time")).to_have_attribute("data-age", "10 s ago", timeout=15_000)
    assert screen.shown == before
    proxy.restore()
    screen.connection("live", 6)
    expect(screen.page.locator(content)).to_have_css("opacity", "1")
    assert screen.style(card, "border-top-style") == "solid"


def test_a_connection_that_says_nothing_is_seen_within_two_heartbeats(screen: Screen, proxy: Proxy, till: Till) -> None:
    proxy.stall()
    screen.connection("reconnecting", 2 * HEARTBEAT + TICK)
    till.order("3.00")
    proxy.restore()
    screen.says("revenue", f"${till.figure('revenue'):,.2f}", 5)
    screen.connection("live")


def test_a_killed_server_comes_back_to_a_page_that_reads_everything_again(screen: Screen, house: Server) -> None:
    epoch = screen.page.evaluate("pulseboardLive.position.epoch")
    house.kill()
    screen.connection("reconnecting", 3)
    house.start()
    till = Till(house)
    till.order("4.00")
    screen.says("revenue", f"${till.figure('revenue'):,.2f}", 5)
    screen.connection("live")
    assert screen.page.evaluate("pulseboardLive.position.epoch") != epoch
    shown = screen.at_rest().shown
    assert screen.reload().shown == shown


def test_who_finds_no_free_socket_polls_and_sees_the_same(browser: Browser, tmp_path: Path) -> None:
    crowded = Server(tmp_path, environ=often(WEBSOCKET_MAX_CONNECTIONS="1"))
    try:
        crowded.start()
        till = Till(crowded)
        till.order("5.00")
        with screens(browser, crowded.url) as make:
            first = make().sign_in(crowded.password).settled()
            second = make()
            second.fill_in(crowded.password)
            second.connection("polling", 60).settled()
            till.order("7.00")
            first.says("revenue", "$12.00")
            second.says("revenue", "$12.00")
            assert second.at_rest().shown == first.at_rest().shown
            first.page.context.close()
            second.live()
            second.complaints = [one for one in second.complaints if "503" not in one]
    finally:
        crowded.kill()
