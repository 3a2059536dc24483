"""The pictures of the README: `make screenshots` starts the demo on a store of its own and writes docs/screenshots/.

They are taken in a zone in which it is evening now, so that there is a day to be seen.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from playwright.sync_api import Browser, sync_playwright

from demo.__main__ import PASSWORD
from tests.conftest import ROOT, free_port
from tests.e2e.conftest import FLAGS
from tests.e2e.screen import Screen

PICTURES = ROOT / "docs" / "screenshots"
LOOKS = {
    "light": {"viewport": {"width": 1400, "height": 800}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1400, "height": 800}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 844}, "color_scheme": "light", "is_mobile": True, "has_touch": True},
}
ZONES = (
    "Pacific/Auckland", "Australia/Brisbane", "Asia/Tokyo", "Asia/Shanghai", "Asia/Bangkok", "Asia/Dhaka",
    "Asia/Karachi", "Asia/Dubai", "Europe/Istanbul", "Europe/Athens", "Europe/Berlin", "Europe/London",
    "Atlantic/Azores", "America/Sao_Paulo", "America/Santiago", "America/New_York", "America/Chicago",
    "America/Denver", "America/Los_Angeles", "America/Anchorage", "Pacific/Honolulu", "Pacific/Pago_Pago",
)  # fmt: skip
EVENING = 20.6
HISTORY_SECONDS = 300
LIVE_FOR = 5
"""Seconds for which events arrive before the first picture."""


def main() -> int:
    PICTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as directory, demo(Path(directory)) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        time.sleep(LIVE_FOR)
        for look in LOOKS:
            take(browser, url, look)
        browser.close()
    return 0


def evening_zone() -> str:
    def distance(zone: str) -> float:
        now = datetime.now(ZoneInfo(zone))
        return abs(now.hour + now.minute / 60 - EVENING)

    return min(ZONES, key=distance)


@contextmanager
def demo(directory: Path) -> Iterator[str]:
    """The address of a demo whose past is in; it is ended as with Ctrl-C."""
    port, log = free_port(), directory / "demo.log"
    environ = {**os.environ, "PORT": str(port), "TZ": evening_zone(), "PYTHONPATH": str(ROOT)}
    (directory / "var").mkdir()
    with log.open("wb") as said:
        running = subprocess.Popen(
            [sys.executable, "-m", "demo"], cwd=directory, env=environ, stdout=said, stderr=said, start_new_session=True
        )
        try:
            wait_for(log, "the past is in", running)
            yield f"http://127.0.0.1:{port}"
        finally:
            running.send_signal(signal.SIGINT)
            running.wait(60)


def wait_for(log: Path, words: str, running: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + HISTORY_SECONDS
    while words not in log.read_text():
        if running.poll() is not None or time.monotonic() > deadline:
            raise SystemExit(f"the demo did not get ready:\n{log.read_text()[-2000:]}")
        time.sleep(0.2)


def take(browser: Browser, url: str, look: str) -> None:
    """All pages in one look, each in its full height."""
    context = browser.new_context(**LOOKS[look], device_scale_factor=1, reduced_motion="reduce")
    page = context.new_page()
    page.goto(url)
    page.screenshot(path=PICTURES / f"login-{look}.png", full_page=True)
    screen = Screen(page, url).sign_in(PASSWORD)
    for name in ("Overview", "Patterns"):
        page.get_by_role("link", name=name).click()
        page.locator(".pb-tab-current", has_text=name).wait_for()
        show_in_full(screen)
        page.screenshot(path=PICTURES / f"{name.lower()}-{look}.png")
    if screen.complaints:
        raise SystemExit(f"the pages complain: {screen.complaints}")
    context.close()


def show_in_full(screen: Screen) -> None:
    """Makes the window as high as the page: tables are filled when they come into view."""
    screen.page.set_viewport_size({"width": screen.page.viewport_size["width"], "height": 400})
    screen.settled()
    height = screen.page.evaluate("document.scrollingElement.scrollHeight")
    screen.page.set_viewport_size({"width": screen.page.viewport_size["width"], "height": height})
    screen.settled().page.mouse.move(0, 0)


if __name__ == "__main__":
    sys.exit(main())
