"""One page as a person has it before them, and what a test asks about it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import ConsoleMessage, Page, Request, Response, expect

CALLBACK = "/_dash-update-component"
PATIENCE = 30_000  # ms: the machine may be slow, and a test that waits longer for what comes anyway loses nothing

# Resolves when nothing has changed on the page for a while; the ages that tick along do not count.
AT_REST = """quiet => new Promise((resolve, reject) => {
  let timer = setTimeout(done, quiet);
  const late = setTimeout(() => reject(new Error("the page never comes to rest")), 20000);
  const observer = new MutationObserver((records) => {
    if (records.every((record) => record.attributeName === "data-age")) return;
    clearTimeout(timer);
    timer = setTimeout(done, quiet);
  });
  function done() { observer.disconnect(); clearTimeout(late); resolve(true); }
  observer.observe(document.body, { subtree: true, childList: true, attributes: true, characterData: true });
})"""

# From now on the ids of the widgets whose cards change are kept in window.pulseboardTouched.
WATCH = """() => {
  window.pulseboardTouched = new Set();
  for (const card of document.querySelectorAll(".pb-card")) {
    new MutationObserver((records) => {
      if (records.some((record) => record.attributeName !== "data-age")) pulseboardTouched.add(card.dataset.widget);
    }).observe(card, { subtree: true, childList: true, attributes: true, characterData: true });
  }
}"""

# What each card says and draws, but for when it was read.
SHOWN = """() => Object.fromEntries([...document.querySelectorAll(".pb-body")].map((body) => {
  const copy = body.cloneNode(true);
  copy.querySelectorAll(".pb-asof, svg").forEach((part) => part.remove());
  const drawn = [...body.querySelectorAll(".js-plotly-plot")].map((graph) => (graph.data || []).map((trace) =>
    Object.fromEntries(["x", "y", "z", "labels", "values"].map((name) => [name, unpacked(trace[name])]))));
  function unpacked(values) { return Array.from(values || [], (one) => one && one.length ? Array.from(one) : one); }
  return [body.id.replace("body-", ""), { text: copy.textContent.replace(/\\s+/g, " ").trim(), drawn,
    state: body.dataset.state }];
}))"""

PLACES = """() => Object.fromEntries([...document.querySelectorAll(".pb-card")].map((card) => {
  const box = card.getBoundingClientRect();
  return [card.dataset.widget, ["x", "y", "width", "height"].map((name) => Math.round(box[name]))];
}))"""


class Screen:
    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.callbacks: list[Request] = []
        self.complaints: list[str] = []
        page.set_default_timeout(PATIENCE)
        page.on("request", self._count)
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.complaints.append(f"uncaught: {error}"))
        page.on("requestfailed", self._failed)
        page.on("response", self._answered)

    def _count(self, request: Request) -> None:
        if urlsplit(request.url).path == CALLBACK:
            self.callbacks.append(request)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(f"console: {message.text}")

    def _failed(self, request: Request) -> None:
        if request.failure != "net::ERR_ABORTED":  # the page was left while it was loading
            self.complaints.append(f"failed: {request.url} {request.failure}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400:
            self.complaints.append(f"{response.status}: {response.url}")

    # ---- Going somewhere ----

    def sign_in(self, password: str, path: str = "/") -> Screen:
        """By the form, as a stranger has to, until the page is live."""
        self.fill_in(password, path)
        return self.live()

    def fill_in(self, password: str, path: str = "/") -> None:
        """Sends the form, whatever comes of it."""
        self.page.goto(self.url + path)
        self.page.get_by_label("User name").fill("admin")
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_role("button", name="Sign in").click()

    def open(self, path: str = "/") -> Screen:
        self.page.goto(self.url + path)
        return self.live().settled()

    def reload(self) -> Screen:
        self.page.reload()
        return self.live().settled()

    # ---- Waiting ----

    def live(self) -> Screen:
        return self.connection("live")

    def connection(self, state: str, seconds: float = PATIENCE / 1000) -> Screen:
        self.page.locator(f"html[data-connection={state}]").wait_for(timeout=seconds * 1000)
        return self

    def settled(self) -> Screen:
        """Every widget has been read and drawn."""
        expect(self.page.locator(".pb-card").first).to_be_visible(timeout=PATIENCE)
        expect(self.page.locator(".pb-body[data-state=loading]")).to_have_count(0, timeout=PATIENCE)
        undrawn = ".pb-graph:not(:has(.main-svg)), .pb-table:not(:has(.ag-header-cell))"
        expect(self.page.locator(undrawn)).to_have_count(0, timeout=PATIENCE)
        return self.at_rest()

    def at_rest(self, milliseconds: int = 600) -> Screen:
        self.page.evaluate(AT_REST, milliseconds)
        return self

    def says(self, widget: str, text: str, seconds: float = PATIENCE / 1000) -> None:
        """Waits until a widget says so."""
        expect(self.body(widget)).to_contain_text(text, timeout=seconds * 1000)

    # ---- Looking ----

    def body(self, widget: str) -> Any:
        return self.page.locator(f"#body-{widget}")

    @property
    def shown(self) -> dict[str, dict[str, Any]]:
        """Of each widget: its text, its state, and what its charts draw."""
        return dict(self.page.evaluate(SHOWN))

    @property
    def places(self) -> dict[str, list[int]]:
        """Of each card: x, y, width and height in the window."""
        return dict(self.page.evaluate(PLACES))

    def as_of(self, widget: str) -> str:
        return str(self.body(widget).locator(".pb-asof time").get_attribute("datetime"))

    def style(self, selector: str, name: str) -> str:
        """A computed style of the first match."""
        script = "(element, name) => getComputedStyle(element).getPropertyValue(name)"
        return str(self.page.locator(selector).first.evaluate(script, name))

    @contextlib.contextmanager
    def watched(self) -> Iterator[Callable[[], set[str]]]:
        """Within the block, cards that change are noticed; the function says which."""
        self.at_rest()
        self.page.evaluate(WATCH)
        self.callbacks.clear()
        yield lambda: set(self.page.evaluate("[...window.pulseboardTouched]"))

    # ---- REST in this browser's session ----

    def rest(self, method: str, path: str, body: Any = None, **headers: str) -> dict[str, Any]:
        cookies = {cookie["name"]: cookie["value"] for cookie in self.page.context.cookies()}
        headers["X-CSRF-Token"] = cookies["pulseboard_csrf"]
        answer = self.page.context.request.fetch(f"{self.url}{path}", method=method, data=body, headers=headers)
        assert answer.ok, answer.text()
        return dict(answer.json())

    def add_dashboard(self, *widgets: dict[str, Any]) -> str:
        """Makes a dashboard of these widgets; its path."""
        made = self.rest("POST", "/analytics/dashboards", {"name": "Made by a test", "widgets": list(widgets)})
        return f"/dashboards/{made['id']}"
