"""From one dashboard to another and back: each is read when it is opened, and stays live."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import NewScreen
from tests.e2e.screen import Screen
from tests.e2e.till import Till


@pytest.fixture(scope="module")
def screen(shared_screen: NewScreen) -> Screen:
    """One page that goes from place to place."""
    return shared_screen().open()


def go(screen: Screen, name: str) -> None:
    screen.page.get_by_role("link", name=name).click()
    expect(screen.page.locator(".pb-tab-current")).to_have_text(name)
    screen.live().settled()


def revenue(till: Till) -> str:
    return f"${till.figure('revenue'):,.2f}"


def test_every_dashboard_is_read_when_it_is_opened_and_when_it_is_opened_again(screen: Screen, till: Till) -> None:
    go(screen, "Overview")
    overview = screen.shown
    go(screen, "Patterns")
    assert not set(screen.shown) & set(overview)
    till.order("3.00")
    go(screen, "Overview")
    screen.says("revenue", revenue(till))
    assert screen.shown.keys() == overview.keys()
    till.order("4.00")
    screen.says("revenue", revenue(till))


def test_opening_the_dashboard_that_is_open_reads_it_again(screen: Screen, till: Till) -> None:
    for name in ("Overview", "Overview"):
        go(screen, name)
        till.order("5.00")
        screen.says("revenue", revenue(till))
    screen.page.locator(".pb-brand").click()
    expect(screen.page).to_have_url(f"{screen.url}/")
    screen.settled().says("revenue", revenue(till))


def test_going_back_and_forward_shows_what_is_true_now(screen: Screen, till: Till) -> None:
    go(screen, "Overview")
    go(screen, "Patterns")
    screen.page.go_back()
    screen.settled()
    till.order("6.00")
    screen.says("revenue", revenue(till))
    screen.page.go_forward()
    screen.settled()
    till.order("7.00")
    orders = f"{int(till.figure('orders')):,}"
    expect(screen.body("orders-target").locator(".pb-big")).to_have_text(orders)


def test_an_unknown_dashboard_is_said_to_be_none(screen: Screen) -> None:
    screen.page.goto(f"{screen.url}/dashboards/nowhere")
    expect(screen.page.get_by_role("heading", name="There is no such dashboard")).to_be_visible()
    screen.page.get_by_role("link", name="To your dashboards").click()
    screen.live().settled()
    expect(screen.page.locator(".pb-tab-current")).to_have_text("Overview")
