"""Cards that are moved and resized: kept for the user, never lost in silence, and one column on a phone."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import NewScreen
from tests.e2e.screen import PATIENCE, Screen

CARDS = ("first", "second", "third", "fourth")


@pytest.fixture
def path(new_screen: NewScreen) -> str:
    """A new dashboard of four cards, two by two."""
    screen = new_screen()
    made = screen.add_dashboard(*(card(name, at) for at, name in enumerate(CARDS)))
    screen.page.close()
    return made


def card(name: str, at: int) -> dict[str, Any]:
    position = {"x": at % 2 * 6, "y": at // 2 * 5, "w": 4, "h": 5}
    config = {"query": {"metric": "orders", "range": "today"}}
    return {"widget_id": name, "widget_type": "metric_card", "position": position, "config": config}


def saved(screen: Screen, path: str) -> tuple[int, dict[str, dict[str, int]]]:
    """The version and the places that the server keeps."""
    dashboard = screen.rest("GET", path.replace("/dashboards/", "/analytics/dashboards/"))
    return dashboard["version"], {widget["widget_id"]: widget["position"] for widget in dashboard["widgets"]}


def waits_for_version(screen: Screen, path: str, version: int) -> dict[str, dict[str, int]]:
    """The places of that version, once it is there."""
    for _ in range(PATIENCE // 100):
        found, places = saved(screen, path)
        if found >= version:
            break
        screen.page.wait_for_timeout(100)
    assert found == version
    return places


def drag(page: Page, selector: str, right: int, down: int) -> None:
    """With the mouse, in steps, as a hand does."""
    box = page.locator(selector).bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + right / 3, y + down / 3)
    page.mouse.move(x + right, y + down, steps=12)
    page.mouse.up()


def head(name: str) -> str:
    return f"#cell-{name} .pb-title"


def told(screen: Screen) -> Locator:
    """What the page has to say to whoever moves cards, where it is seen."""
    return screen.page.locator(".pb-notice .pb-toast").filter(visible=True)


def test_a_card_that_is_dragged_is_saved_once_and_stays_there(new_screen: NewScreen, path: str) -> None:
    screen = new_screen().open(path)
    version, before = saved(screen, path)
    drag(screen.page, head("second"), 210, 0)  # two columns of a little over a hundred pixels
    places = waits_for_version(screen, path, version + 1)
    assert places["second"] == before["second"] | {"x": 8}
    assert places["first"] == before["first"]
    shown = screen.at_rest().places
    screen.reload()
    assert screen.places == shown
    assert saved(screen, path) == (version + 1, places)


def test_a_card_that_is_resized_is_saved_and_stays_so(new_screen: NewScreen, path: str) -> None:
    screen = new_screen().open(path)
    version, before = saved(screen, path)
    screen.page.locator("#cell-first").hover()
    drag(screen.page, ".react-grid-item:has(#cell-first) > .react-resizable-handle", 105, 88)
    places = waits_for_version(screen, path, version + 1)
    assert places["first"] == before["first"] | {"w": 5, "h": 7}
    assert places["third"]["y"] >= places["first"]["h"]
    shown = screen.at_rest().places
    assert screen.reload().places == shown


def test_cards_move_and_resize_by_the_keyboard_too(new_screen: NewScreen, path: str) -> None:
    screen = new_screen().open(path)
    version, _ = saved(screen, path)
    grip = screen.page.locator("#cell-first .pb-grip")
    grip.focus()
    grip.press("ArrowRight")
    places = waits_for_version(screen, path, version + 1)
    assert places["first"]["x"] == 1
    screen.at_rest()
    grip.press("Shift+ArrowDown")
    places = waits_for_version(screen, path, version + 2)
    assert places["first"]["h"] == 6
    expect(grip).to_be_focused()


def test_the_second_of_two_pages_is_told_and_nothing_is_overwritten(new_screen: NewScreen, path: str) -> None:
    one, other = new_screen().open(path), new_screen().open(path)
    version, _ = saved(one, path)
    drag(one.page, head("second"), 210, 0)
    first_save = waits_for_version(one, path, version + 1)
    drag(other.page, head("third"), 315, 0)
    expect(told(other)).to_contain_text("was not saved", timeout=PATIENCE)
    assert saved(one, path) == (version + 1, first_save)
    told(other).get_by_text("Load the newest").click()
    expect(told(other)).to_have_count(0)
    other.live().settled()
    assert other.places == one.places
    drag(other.page, head("third"), 315, 0)
    assert waits_for_version(other, path, version + 2)["third"]["x"] == 3
    assert told(other).count() == 0


def test_a_page_that_is_out_of_date_says_so_by_itself(new_screen: NewScreen, path: str) -> None:
    one, other = new_screen().open(path), new_screen().open(path)
    drag(one.page, head("second"), 210, 0)
    expect(told(other)).to_contain_text("changed elsewhere", timeout=PATIENCE)
    one.at_rest()
    assert told(one).count() == 0


def test_on_a_phone_the_cards_are_one_column_and_nothing_is_saved(new_screen: NewScreen, path: str) -> None:
    wide = new_screen().open(path)
    version, places = saved(wide, path)
    phone = new_screen(width=390, height=844, has_touch=True, is_mobile=True).open(path)
    in_order = sorted(phone.places.items(), key=lambda place: place[1][1])
    assert [name for name, _ in in_order] == list(CARDS)
    assert {(x, width) for _, (x, _, width, _) in in_order} == {(16, 358)}
    assert phone.page.evaluate("document.scrollingElement.scrollWidth") == 390
    phone.reload()
    assert saved(phone, path) == (version, places)


def test_a_window_made_narrow_and_wide_again_has_the_old_places(new_screen: NewScreen, path: str) -> None:
    screen = new_screen().open(path)
    version, places = saved(screen, path)
    shown = screen.places
    screen.page.locator(head("first")).click()  # a touch is no move
    screen.page.set_viewport_size({"width": 390, "height": 844})
    screen.at_rest()
    assert {width for _, _, width, _ in screen.places.values()} == {358}
    screen.page.set_viewport_size({"width": 1300, "height": 1000})
    screen.at_rest()
    assert screen.places == shown
    assert saved(screen, path) == (version, places)
