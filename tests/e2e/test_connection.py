"""A real browser on the real server through a network that fails: the screen comes back equal to a fresh load."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.conftest import Server
from tests.faults.proxy import Proxy

WITHIN = 5.0
STATE = "document.documentElement.dataset.connection"
# What each card says and draws, without when it was read.
SHOWN = """() => Object.fromEntries([...document.querySelectorAll('.pb-body')].map((body) => {
  const copy = body.cloneNode(true);
  copy.querySelectorAll('.pb-asof, svg').forEach((part) => part.remove());
  const drawn = [...body.querySelectorAll('.js-plotly-plot')].map((graph) => (graph.data || []).map((trace) =>
    ['x', 'y', 'z', 'labels', 'values'].map((name) => Array.from(trace[name] || []))));
  return [body.id, [copy.textContent.replace(/\\s+/g, ' ').trim(), JSON.stringify(drawn)]];
}))"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield chromium
        chromium.close()


class Screen:
    """One signed-in page, and events that reach the server past the proxy."""

    def __init__(self, browser: Browser, server: Server, proxy: Proxy) -> None:
        self.browser, self.server, self.proxy = browser, server, proxy
        self.revenue = 0
        self.post()
        self.context = browser.new_context(viewport={"width": 1300, "height": 900})
        self.page = self.open(sign_in=True)

    def open(self, *, sign_in: bool = False) -> Page:
        page = self.context.new_page()
        page.goto(f"{self.proxy.url}/login" if sign_in else self.proxy.url)
        if sign_in:
            page.fill("[name=username]", "admin")
            page.fill("[name=password]", self.server.password)
            page.click("button[type=submit]")
        page.wait_for_selector("html[data-connection=live]", timeout=20_000)
        expect(page.locator("#body-revenue")).to_contain_text(str(self.revenue), timeout=10_000)
        for widget in ("hourly-revenue", "orders-by-hour", "customers-by-type"):
            page.wait_for_selector(f"#body-{widget} .js-plotly-plot .main-svg", timeout=20_000)
        return page

    def post(self, count: int = 1) -> None:
        for _ in range(count):
            data: dict[str, Any] = {"order_id": f"{time.time_ns()}", "total_amount": "7.00", "items_count": 2}
            data |= {"staff_id": "7", "staff_name": "Mia", "customer_id": f"c-{time.time_ns()}", "channel": "dine_in"}
            event = {"type": "order_completed", "occurred_at": datetime.now(UTC).isoformat(), "data": data}
            answer = httpx.post(f"{self.server.url}/analytics/events", headers=self.server.headers, json=event)
            assert answer.status_code == 202
            self.revenue += 7

    def shown(self, page: Page) -> dict[str, list[str]]:
        return page.evaluate(SHOWN)

    def wait_for(self, state: str, seconds: float) -> float:
        """How long it took until the page says so."""
        started = time.monotonic()
        self.page.wait_for_selector(f"html[data-connection={state}]", timeout=seconds * 1000)
        return time.monotonic() - started

    def is_right_within(self, seconds: float) -> None:
        """The figures are those of a fresh load, which is made only afterwards: it must not help."""
        deadline = time.monotonic() + seconds
        expected = re.compile(rf"\b{self.revenue}\.00")
        left = max(0.1, deadline - time.monotonic()) * 1000
        expect(self.page.locator("#body-revenue")).to_contain_text(expected, timeout=left)
        self.page.wait_for_timeout(max(0.0, deadline - time.monotonic()) * 1000)
        shown = self.shown(self.page)
        self.proxy.restore()
        fresh, patience = self.open(), time.monotonic() + 10
        while self.shown(fresh) != shown and time.monotonic() < patience:
            fresh.wait_for_timeout(200)  # it is still being drawn
        assert shown == self.shown(fresh)
        assert any(drawn != "[]" for _, drawn in shown.values())
        fresh.close()


@pytest.fixture
def screen(browser: Browser, server: Server) -> Iterator[Screen]:
    with Proxy(("127.0.0.1", server.port)) as proxy:
        made = Screen(browser, server, proxy)
        yield made
        made.context.close()


def test_after_a_short_cut_the_screen_equals_a_fresh_load(screen: Screen) -> None:
    screen.proxy.refuse()
    screen.wait_for("reconnecting", 2)
    screen.post(5)
    screen.proxy.restore()
    screen.is_right_within(WITHIN)


def test_after_a_long_cut_it_polls_and_then_equals_a_fresh_load(screen: Screen) -> None:
    screen.proxy.refuse()
    screen.wait_for("polling", 20)
    assert screen.page.text_content("#connection-state") == "Polling"
    screen.post(5)
    screen.proxy.restore()
    screen.is_right_within(WITHIN)
    assert screen.page.evaluate(STATE) == "live"


def test_a_dead_network_is_seen_within_20_seconds_and_survived(screen: Screen) -> None:
    screen.proxy.stall()
    assert screen.wait_for("reconnecting", 21) <= 20.5
    assert screen.page.text_content("#connection-state") == "Reconnecting…"
    screen.post(3)
    screen.proxy.restore()
    screen.is_right_within(WITHIN)


def test_a_restarted_server_is_survived(screen: Screen) -> None:
    screen.server.kill()
    screen.wait_for("reconnecting", 3)
    screen.server.start()
    screen.post(4)
    screen.is_right_within(WITHIN)


def test_events_on_a_slow_line_arrive_in_the_end(screen: Screen) -> None:
    screen.proxy.delay(0.4)
    screen.post(6)
    screen.is_right_within(WITHIN)


def test_signing_out_elsewhere_leads_to_the_login(screen: Screen) -> None:
    other: Callable[[], Page] = screen.open
    page = other()
    page.evaluate("""() => fetch('/logout', {method: 'POST', headers: {
      'X-CSRF-Token': document.cookie.match(/pulseboard_csrf=([^;]+)/)[1]}})""")
    screen.page.wait_for_url("**/login**", timeout=8000)
