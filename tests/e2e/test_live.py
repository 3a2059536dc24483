"""From a posted event to a changed pixel: only the widgets concerned, by one callback, and without a reload."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.conftest import Server
from tests.e2e.conftest import NewScreen
from tests.e2e.screen import Screen
from tests.e2e.till import Till


def widget(widget_id: str, kind: str, place: int, metric: str, *group_by: str, **config: Any) -> dict[str, Any]:
    query = {"metric": metric, "group_by": list(group_by), "range": "today"}
    position = {"x": place % 3 * 4, "y": place // 3 * 6, "w": 4, "h": 6}
    return {"widget_id": widget_id, "widget_type": kind, "position": position, "config": {"query": query, **config}}


COUNTED = (
    widget("payments", "metric_card", 0, "payments"),
    widget("by-method", "bar_chart", 1, "payment_amount", "payment_method"),
    widget("actions", "metric_card", 2, "staff_actions"),
    widget("revenue", "metric_card", 3, "revenue"),
    widget("channels", "pie_chart", 4, "orders", "channel"),
    widget("staff", "table", 5, "revenue", "staff"),
)


@pytest.fixture(scope="module")
def screen(shared_screen: NewScreen) -> Screen:
    """The first dashboard, for all tests here: nothing in the whole session may go wrong."""
    return shared_screen().open()


@pytest.fixture(scope="module")
def counted(shared_screen: NewScreen, till: Till) -> Screen:
    """A page with widgets of three families: payments, staff actions, orders."""
    till.payment()
    till.staff_action()
    made = shared_screen()
    return made.open(made.add_dashboard(*COUNTED))


def dollars(amount: float) -> str:
    return f"${amount:,.2f}"


def test_signing_in_by_the_form_leads_to_a_live_dashboard(stranger: Screen, house: Server, till: Till) -> None:
    stranger.sign_in(house.password).settled()
    assert stranger.page.url == f"{house.url}/"
    expect(stranger.page.locator("#connection-state")).to_have_text("Live")
    assert set(stranger.shown) == {
        "revenue", "orders", "customers", "average-order-value", "hourly-revenue", "top-staff", "orders-by-hour",
        "customers-by-type",
    }  # fmt: skip


def test_figures_move_without_a_reload_and_are_those_of_rest(screen: Screen, till: Till) -> None:
    screen.page.evaluate("window.stillHere = true")
    before = screen.as_of("revenue")
    till.order("30.50", staff_id="8", staff_name="Ben", customer_id="c-2")
    screen.says("revenue", dollars(till.figure("revenue")))
    screen.says("orders", str(int(till.figure("orders"))))
    screen.says("top-staff", "Ben")
    assert screen.page.evaluate("window.stillHere") is True
    assert datetime.fromisoformat(screen.as_of("revenue")) > datetime.fromisoformat(before)


def test_an_event_leads_to_one_callback_that_changes_only_the_widgets_it_touches(counted: Screen, till: Till) -> None:
    with counted.watched() as touched:
        till.payment("8.00")
        counted.says("payments", str(int(till.figure("payments"))))
        counted.at_rest()
        assert touched() == {"payments", "by-method"}
        assert len(counted.callbacks) == 1
    with counted.watched() as touched:
        till.staff_action()
        counted.says("actions", str(int(till.figure("staff_actions"))))
        counted.at_rest()
        assert touched() == {"actions"}
        assert len(counted.callbacks) == 1
    with counted.watched() as touched:
        till.order("9.00", channel="takeaway")
        counted.says("revenue", dollars(till.figure("revenue")))
        counted.at_rest()
        assert touched() == {"revenue", "channels", "staff"}
        assert len(counted.callbacks) == 1


def test_an_event_that_touches_no_widget_leads_to_no_callback(screen: Screen, till: Till) -> None:
    with screen.watched() as touched:
        frames = screen.page.evaluate("pulseboardLive.lastFrameAt")
        till.staff_action()
        screen.page.wait_for_function("then => pulseboardLive.lastFrameAt > then", arg=frames)
        screen.at_rest(1500)
        assert touched() == set()
        assert screen.callbacks == []


def test_a_hundred_orders_at_once_lead_to_a_few_callbacks(counted: Screen, till: Till) -> None:
    with counted.watched() as touched:
        till.post(*(till.an_order("1.00") for _ in range(100)))
        counted.says("revenue", dollars(till.figure("revenue")))
        counted.at_rest()
        assert touched() == {"revenue", "channels", "staff"}
        assert len(counted.callbacks) <= 2


def test_a_chart_that_changes_keeps_its_elements(screen: Screen, till: Till) -> None:
    """It is not built anew: what a person points at stays."""
    graph = ".js-plotly-plot"
    screen.page.evaluate("g => document.querySelector(g).stillHere = true", f"#body-hourly-revenue {graph}")
    before = screen.shown["hourly-revenue"]["drawn"]
    till.order("77.00")
    screen.says("revenue", dollars(till.figure("revenue")))
    screen.at_rest()
    assert screen.shown["hourly-revenue"]["drawn"] != before
    assert screen.page.evaluate("g => document.querySelector(g).stillHere", f"#body-hourly-revenue {graph}") is True


def test_the_open_hour_is_marked(screen: Screen) -> None:
    """In the line by a dashed end with a hollow point, in the bars by hatching, and by word where one points."""
    traces = screen.page.evaluate("document.querySelector('#body-hourly-revenue .js-plotly-plot').data")
    assert "circle-open" in [trace.get("marker", {}).get("symbol") for trace in traces]
    dashed = screen.page.locator("#body-hourly-revenue path.js-line[style*='stroke-dasharray: 4']")
    expect(dashed).to_have_count(1)
    bars = screen.page.evaluate("document.querySelector('#body-orders-by-hour .js-plotly-plot').data[0]")
    hatched = bars["marker"]["pattern"]["shape"]
    assert hatched[-1]
    assert not any(hatched[:-1])
    said = [text for trace in traces for text in trace.get("text") or []] + bars["customdata"]
    assert sum("still open" in text for text in said) == 2
