"""A viewer: a real browser, signed in, that says when the figures of some widgets have changed."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.processes import PASSWORD, Server

CHROMIUM = "/usr/bin/chromium"
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
READY_MS, CHANGED_MS = 30_000, 15_000

# What a card says and draws: its texts, and the outlines of what its chart has drawn; not its "as of".
WATCH = """
([ids, patience]) => {
  const figure = (id) => {
    const content = document.querySelector(`#body-${id} .pb-content`);
    if (!content) return "";
    const drawn = [...content.querySelectorAll(".trace path, .slice path, .point path")];
    return content.textContent + drawn.map((path) => path.getAttribute("d")).join();
  };
  const before = new Map(ids.map((id) => [id, figure(id)]));
  const changed = new Map();
  window.changed = new Promise((resolve) => {
    const observer = new MutationObserver(() => {
      const now = performance.timeOrigin + performance.now();
      for (const [id, old] of before) if (!changed.has(id) && figure(id) !== old) changed.set(id, now);
      if (changed.size < ids.length) return;
      observer.disconnect();
      resolve(Math.max(...changed.values()));
    });
    for (const id of ids) {
      observer.observe(document.getElementById(`body-${id}`),
        { subtree: true, childList: true, characterData: true, attributes: true, attributeFilter: ["d"] });
    }
    setTimeout(() => resolve(`unchanged: ${ids.filter((id) => !changed.has(id))}`), patience);
  });
}
"""
ALL_READ = """
(count) => document.querySelectorAll('.pb-body').length === count
  && [...document.querySelectorAll('.pb-body')].every((body) => body.getAttribute('aria-busy') === 'false')
  && document.querySelectorAll('.js-plotly-plot .main-svg').length >= 3
"""


class Viewer:
    """One person with one browser; `ready` is what the page has to be, beside having read all its widgets."""

    def __init__(self, browser: Browser, server: Server, ready: str) -> None:
        self._server, self._ready = server, ready
        self._page = browser.new_context(viewport={"width": 1300, "height": 900}).new_page()
        self._page.goto(f"{server.url}/login")
        self._page.fill("[name=username]", "admin")
        self._page.fill("[name=password]", PASSWORD)
        self._page.click("button[type=submit]")
        self.rest()

    def look(self, widgets: int) -> Page:
        """Opens the dashboard and waits until all of it is there."""
        self._page.goto(self._server.url)
        self._page.wait_for_selector(self._ready, timeout=READY_MS, state="attached")
        self._page.wait_for_function(ALL_READ, arg=widgets, timeout=READY_MS)
        return self._page

    def rest(self) -> None:
        """Looks at nothing, so that the page of somebody else has the machine for itself."""
        self._page.goto("about:blank")

    def seconds_until_changed(self, widgets: Sequence[str], act: Callable[[], object]) -> float:
        """From the beginning of `act` to the moment when the last of these widgets has another figure in the DOM."""
        self._page.evaluate(WATCH, [list(widgets), CHANGED_MS])
        begun = time.time()
        act()
        changed = self._page.evaluate("() => window.changed")
        assert isinstance(changed, int | float), changed
        return changed / 1000 - begun


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()
