"""Light and dark: everything follows at once, and the choice is kept."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import NewScreen
from tests.e2e.screen import Screen

PAINTED = {
    "page": ("body", "background-color"),
    "card": (".pb-card", "background-color"),
    "figure": ("#body-revenue .pb-big", "color"),
    "chart text": ("#body-hourly-revenue .main-svg .xtick text", "fill"),
    "chart lines": ("#body-hourly-revenue .gridlayer path", "stroke"),
    "table text": ("#body-top-staff .ag-cell", "color"),
    "table head": ("#body-top-staff .ag-header-cell", "color"),
}


@pytest.fixture(scope="module")
def screen(shared_screen: NewScreen) -> Screen:
    return shared_screen().open()


def painted(screen: Screen) -> dict[str, str]:
    return {part: screen.style(selector, name) for part, (selector, name) in PAINTED.items()}


def brightness(color: str) -> float:
    """From 0, black, to 1."""
    found = [float(number) for number in re.findall(r"[\d.]+", color)[:3]]
    return sum(found) / 3 / (1 if color.startswith("color(") else 255)


def choose(screen: Screen, title: str, scheme: str) -> None:
    screen.page.locator(f".pb-theme [title='{title}']").click()
    expect(screen.page.locator(f"html[data-mantine-color-scheme={scheme}]")).to_have_count(1)
    screen.at_rest()


def test_everything_follows_the_switch_without_being_drawn_again(screen: Screen) -> None:
    choose(screen, "Light", "light")
    light = painted(screen)
    assert brightness(light["card"]) > 0.9 > 0.5 > brightness(light["figure"])
    screen.page.evaluate("document.querySelector('.js-plotly-plot').stillHere = true")
    choose(screen, "Dark", "dark")
    dark = painted(screen)
    assert brightness(dark["card"]) < 0.2 < 0.8 < brightness(dark["figure"])
    assert {part for part in PAINTED if dark[part] == light[part]} == set()
    for part in ("chart text", "table text", "table head"):
        assert brightness(dark[part]) > 0.4, part
    assert screen.page.evaluate("document.querySelector('.js-plotly-plot').stillHere") is True
    choose(screen, "Light", "light")
    assert painted(screen) == light


def test_the_choice_survives_a_reload_and_is_there_before_the_first_paint(screen: Screen) -> None:
    choose(screen, "Dark", "dark")
    dark = painted(screen)
    screen.page.reload(wait_until="commit")
    screen.page.wait_for_function("document.body !== null")
    assert screen.page.evaluate("document.documentElement.dataset.mantineColorScheme") == "dark"
    screen.live().settled()
    assert painted(screen) == dark
    expect(screen.page.locator(".pb-theme [data-active] [data-icon=dark]")).to_have_count(1)


def test_without_a_choice_the_system_decides_and_may_change_its_mind(new_screen: NewScreen) -> None:
    screen = new_screen(color_scheme="dark").open()
    assert brightness(painted(screen)["card"]) < 0.2
    screen.page.emulate_media(color_scheme="light")
    expect(screen.page.locator("html[data-mantine-color-scheme=light]")).to_have_count(1)
    screen.at_rest()
    assert brightness(painted(screen)["card"]) > 0.9
