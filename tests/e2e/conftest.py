"""A real browser on the real server: one of each for a module, and a new page for each test."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.conftest import Server
from tests.e2e.screen import Screen
from tests.e2e.till import Till

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


def zone_at_noon() -> str:
    """A zone in which it is about noon, so that no day turns while a test looks at today."""
    ahead = 12 - datetime.now(UTC).hour
    return f"Etc/GMT{-ahead:+d}"


def often(**environ: str) -> dict[str, str]:
    """A server that heartbeats often and never reads a widget again without a reason."""
    quick = {"SITE_TZ": zone_at_noon(), "WEBSOCKET_HEARTBEAT_SECONDS": "2", "WEBSOCKET_UPDATE_INTERVAL": "3600"}
    return quick | environ


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The real server for all tests of a module."""
    server = Server(tmp_path_factory.mktemp("house"), environ=often())
    try:
        yield server.start()
    finally:
        server.kill()


@pytest.fixture(scope="module")
def till(house: Server) -> Till:
    """What posts events to it; one order is in already, so that there is a dashboard."""
    made = Till(house)
    made.order("12.00", staff_id="7", staff_name="Mia", customer_id="c-1", channel="dine_in")
    return made


@pytest.fixture(scope="module")
def signed_in(browser: Browser, house: Server, till: Till) -> Any:
    """What a browser keeps of a session; signing in takes one try of the few that an address has."""
    context = browser.new_context()
    screen = Screen(context.new_page(), house.url)
    screen.sign_in(house.password)
    return context.storage_state()


NewScreen = Callable[..., Screen]


@contextlib.contextmanager
def screens(browser: Browser, url: str, state: Any = None) -> Iterator[NewScreen]:
    """Makes pages, each in a browser context of its own: `new_screen(width=390)`; nothing glides or pulses in them.

    At the end nothing may have gone wrong in any of them, but for what a test has taken out of its complaints.
    """
    made: list[Screen] = []

    def make(width: int = 1300, height: int = 1000, **options: Any) -> Screen:
        viewport = {"width": width, "height": height}
        context = browser.new_context(viewport=viewport, storage_state=state, reduced_motion="reduce", **options)
        made.append(Screen(context.new_page(), url))
        return made[-1]

    yield make
    complaints = [complaint for screen in made for complaint in screen.complaints]
    for screen in made:
        screen.page.context.close()
    assert complaints == []


@pytest.fixture
def new_screen(browser: Browser, house: Server, signed_in: Any) -> Iterator[NewScreen]:
    """Makes signed-in pages; see `screens`."""
    with screens(browser, house.url, signed_in) as make:
        yield make


@pytest.fixture
def stranger(browser: Browser, house: Server) -> Iterator[Screen]:
    """A page of nobody's."""
    with screens(browser, house.url) as make:
        yield make()


@pytest.fixture(scope="module")
def shared_screen(browser: Browser, house: Server, signed_in: Any) -> Iterator[NewScreen]:
    """As `new_screen`, for pages that the tests of a module look at one after the other."""
    with screens(browser, house.url, signed_in) as make:
        yield make


@pytest.fixture
def screen(new_screen: NewScreen) -> Screen:
    """A signed-in page that shows the first dashboard, drawn and at rest."""
    return new_screen().open()
