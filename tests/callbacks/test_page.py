"""From an address to a page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from callbacks import page
from services.access.scope import ROLES, Scope

ADDRESS = "http://pulseboard.test/"


def text(page_: page.Page) -> str:
    return str(page_.children)


def test_an_empty_store_shows_the_first_steps(services: Any, manager: Scope) -> None:
    shown = page.page_at(services, manager, "/", None, ADDRESS)
    assert shown.shown is None
    assert "curl -X POST http://pulseboard.test/analytics/events" in text(shown)
    assert "make demo" in text(shown)
    assert "make import" in text(shown)


def test_the_first_event_brings_the_dashboard(services: Any, manager: Scope, order: Callable[..., None]) -> None:
    order("1", "5.00")
    shown = page.page_at(services, manager, "/", None, ADDRESS)
    assert shown.shown is not None
    assert shown.shown.name == "Overview"
    assert [link.children for link in shown.nav] == ["Overview", "Patterns"]


def test_anything_recorded_ends_the_waiting(services: Any, manager: Scope) -> None:
    event = {
        "type": "system_event",
        "occurred_at": "2026-03-01T12:00:00Z",
        "data": {"event_type": "till_opened", "message": "Good morning", "severity": "low"},
    }
    services.intake.accept([event], scope=Scope("user:admin", ROLES["admin"]), source="tests")
    assert page.page_at(services, manager, "/", None, ADDRESS).shown is not None


def test_an_address_names_a_dashboard(services: Any, manager: Scope, order: Callable[..., None]) -> None:
    order("1", "5.00")
    second = services.dashboards.ensure_defaults(manager)[1]
    shown = page.page_at(services, manager, page.address_of(second), None, ADDRESS)
    assert shown.props()["dashboard"] == {"data": {"id": second.id}}
    assert shown.props()["dashboard-version"] == {"data": 1}


def test_an_unknown_address_and_anothers_dashboard_look_alike(
    services: Any, manager: Scope, order: Callable[..., None]
) -> None:
    order("1", "5.00")
    theirs = services.dashboards.ensure_defaults(Scope("user:ben", ROLES["viewer"]))[0]
    pages = [page.page_at(services, manager, path, None, ADDRESS) for path in ("/no", page.address_of(theirs))]
    assert [one.shown for one in pages] == [None, None]
    assert text(pages[0]) == text(pages[1])


def test_the_layout_holds_no_figures(services: Any, manager: Scope, order: Callable[..., None]) -> None:
    order("1", "4321.99")
    assert "4,321" not in text(page.page_at(services, manager, "/", None, ADDRESS))
    assert "4321" not in text(page.page_at(services, manager, "/", None, ADDRESS))
