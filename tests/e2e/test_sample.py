"""The sample year on the screen, to the cent, at the address that the import names."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.conftest import ROOT, Server
from tests.e2e.conftest import NewScreen

SAMPLE = ROOT / "sample" / "pizzaplace" / "pizzaplace.csv.xz"


@pytest.fixture(scope="module")
def address(house: Server) -> Iterator[str]:
    done = subprocess.run(
        [sys.executable, "-m", "services.importing", str(SAMPLE), "--site", "pizza", "--tz", "America/New_York",
         "--url", house.url, "--key", house.key],
        cwd=ROOT, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, timeout=240, check=True,
    )  # fmt: skip
    yield next(line for line in done.stdout.splitlines() if line.startswith("on screen")).partition(": ")[2]


def test_the_sample_year_is_on_screen_to_the_cent(address: str, new_screen: NewScreen) -> None:
    screen = new_screen()
    screen.page.goto(screen.url + address)
    screen.says("revenue", "$817,860.05")
    screen.says("orders", "21,350")
    expect(screen.page.locator(".pb-asked")).to_contain_text("This year · as of 31 Dec 2015")
    expect(screen.page.locator(".pb-chip-current")).to_have_text("pizza")


def test_another_site_is_chosen_by_a_click_and_named_in_the_address(address: str, new_screen: NewScreen) -> None:
    screen = new_screen().open()
    screen.page.get_by_role("link", name="pizza", exact=True).click()
    expect(screen.page).to_have_url(re.compile(r"\?site=pizza$"))
    screen.says("revenue", "$0.00")
    screen.page.get_by_role("link", name="Main", exact=True).click()
    screen.says("revenue", "$12.00")
