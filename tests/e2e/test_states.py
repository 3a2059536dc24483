"""What a card looks like when there is nothing to show, nothing but noughts, or nothing to be had."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.conftest import Server
from tests.e2e.conftest import NewScreen, often, screens
from tests.e2e.screen import PATIENCE, Screen
from tests.e2e.till import Till


def widget(widget_id: str, kind: str, place: int, query: dict[str, Any], **config: Any) -> dict[str, Any]:
    position = {"x": place % 3 * 4, "y": place // 3 * 8, "w": 4, "h": 8}
    query = {"range": "today"} | query
    return {"widget_id": widget_id, "widget_type": kind, "position": position, "config": {"query": query, **config}}


def test_an_empty_store_shows_the_first_steps_until_the_first_event(browser: Browser, server: Server) -> None:
    with screens(browser, server.url) as make:
        screen = make().sign_in(server.password)
        page = screen.page
        expect(page.get_by_role("heading", name="Waiting for the first event")).to_be_visible()
        expect(page.locator("#empty-store")).to_contain_text(f"curl -X POST {server.url}/analytics/events")
        expect(page.locator("#empty-store")).to_contain_text("make import")
        expect(page.locator("#empty-store")).to_contain_text("make demo")
        Till(server).order("42.50")
        screen.says("revenue", "$42.50")
        expect(page.locator("#empty-store")).to_have_count(0)
        screen.settled()


def test_no_data_zero_and_error_look_unlike_each_other_and_unlike_figures(new_screen: NewScreen) -> None:
    screen = new_screen()
    screen.open(
        screen.add_dashboard(
            widget("figure", "metric_card", 0, {"metric": "revenue"}),
            widget("zero", "metric_card", 1, {"metric": "revenue", "range": "yesterday"}),
            widget("nothing", "metric_card", 2, {"metric": "customer_actions"}),
            widget("error", "metric_card", 3, {"metric": "revenue", "site": ["nowhere"]}),
            widget("zero-chart", "line_chart", 4, {"metric": "revenue", "range": "yesterday", "group_by": ["hour"]}),
            widget("nothing-chart", "line_chart", 5, {"metric": "customer_actions", "group_by": ["hour"]}),
        )
    )
    assert {name: card["state"] for name, card in screen.shown.items()} == {
        "figure": "ok", "zero": "zero", "nothing": "no_data", "error": "error", "zero-chart": "zero",
        "nothing-chart": "no_data",
    }  # fmt: skip
    assert "$12.00" in screen.shown["figure"]["text"]
    assert "$0.00" in screen.shown["zero"]["text"]
    assert "No data" in screen.shown["nothing"]["text"]
    assert "No data" in screen.shown["nothing-chart"]["text"]
    assert "This could not be read" in screen.shown["error"]["text"]
    assert screen.shown["zero-chart"]["drawn"]
    said = screen.body("zero-chart").locator(".pb-plot").evaluate("one => getComputedStyle(one, '::after').content")
    assert "All values are 0" in said
    colours = {
        name: screen.style(f"#body-{name} {part}", "color")
        for name, part in {"figure": ".pb-big", "zero": ".pb-big", "nothing": "strong", "error": "strong"}.items()
    }
    assert len(set(colours.values())) == 4


@pytest.fixture
def failing(tmp_path: Path) -> Iterator[Server]:
    """A server of its own, whose pages look again every three seconds."""
    made = Server(tmp_path / "failing", environ=often(WEBSOCKET_UPDATE_INTERVAL="3"))
    try:
        yield made.start()
    finally:
        made.kill()


@contextmanager
def unreadable(server: Server) -> Iterator[None]:
    """Holds the locks that readers of a SQLite file in WAL mode need (walformat, bytes 123 to 127 of the index)."""
    with (server.directory / "pulseboard.sqlite3-shm").open("r+b") as index:
        for _ in range(1000):
            try:
                fcntl.lockf(index, fcntl.LOCK_EX | fcntl.LOCK_NB, 5, 123)
                break
            except OSError:
                time.sleep(0.01)  # somebody reads at this moment
        else:
            raise AssertionError("the store is read all the time")
        yield


def test_a_store_that_cannot_be_read_leaves_old_figures_that_look_old(browser: Browser, failing: Server) -> None:
    till = Till(failing)
    till.order("5.00")
    with screens(browser, failing.url) as make:
        screen = make().sign_in(failing.password).settled()
        content = screen.page.locator("#body-revenue .pb-content")
        with unreadable(failing):
            expect(content).to_have_css("opacity", "0.5", timeout=PATIENCE)
            assert screen.style("#cell-revenue", "border-top-style") == "dashed"
            expect(content).to_contain_text("$5.00")
            expect(screen.page.locator("#connection-state")).not_to_have_text("Live")
        expect(content).to_have_css("opacity", "1", timeout=PATIENCE)
        expect(screen.page.locator("#connection-state")).to_have_text("Live", timeout=PATIENCE)
        till.order("6.00")
        screen.says("revenue", "$11.00")
        screen.complaints = [one for one in screen.complaints if "503" not in one]


EVIL = '<img src=x onerror="window.ran=1"><a href="https://elsewhere.test">Tom</a> & <b>Co</b>'


def test_names_from_outside_are_text_wherever_they_are_shown(new_screen: NewScreen, till: Till) -> None:
    till.order("5.00", staff_id="evil", staff_name=EVIL, channel="<b>till</b>")
    screen = new_screen()
    by_staff = {"metric": "revenue", "group_by": ["staff"]}
    screen.open(
        screen.add_dashboard(
            widget("table", "table", 0, by_staff) | {"title": EVIL},
            widget("bars", "bar_chart", 1, by_staff),
            widget("pie", "pie_chart", 2, by_staff),
            widget("lines", "line_chart", 3, {"metric": "revenue", "group_by": ["hour", "staff"]}),
            widget("channels", "bar_chart", 4, {"metric": "orders", "group_by": ["channel"]}, horizontal=True),
        )
    )
    for name in ("table", "pie", "lines"):
        assert EVIL in screen.shown[name]["text"], name
    expect(screen.page.locator("#cell-table .pb-title")).to_have_text(EVIL)
    assert EVIL in screen.body("bars").locator(".xtick").all_text_contents()
    assert "<b>till</b>" in screen.body("channels").locator(".ytick").all_text_contents()
    screen.body("bars").locator(".js-plotly-plot").hover()
    screen.at_rest()
    assert screen.page.locator("main img, main svg a, main a").count() == 0
    assert screen.page.evaluate("window.ran") is None


BY_HOUR = ["weekday", "hour_of_day"]
ALL_TEN = (
    widget("card", "metric_card", 0, {"metric": "net_revenue"}),
    widget("kpi", "kpi_card", 1, {"metric": "revenue"}, target=400),
    widget("gauge", "gauge", 2, {"metric": "payment_success_rate"}),
    widget("progress", "progress_bar", 3, {"metric": "orders"}, target=8),
    widget("spark", "sparkline", 4, {"metric": "items_sold", "group_by": ["hour"]}),
    widget("line", "line_chart", 5, {"metric": "revenue", "group_by": ["hour"]}),
    widget("bars", "bar_chart", 6, {"metric": "orders", "group_by": ["channel"]}),
    widget("pie", "pie_chart", 7, {"metric": "revenue", "group_by": ["payment_method"]}),
    widget("table", "table", 8, {"metric": "revenue", "group_by": ["staff"], "order": "-value"},
           metrics=["revenue", "orders", "average_order_value"]),
    widget("heat", "heatmap", 9, {"metric": "orders", "group_by": BY_HOUR, "range": "last_7_days"}),
)  # fmt: skip


@pytest.fixture
def ten(new_screen: NewScreen, till: Till) -> Screen:
    """A page with all ten types over some orders of different staff, channels and payments."""
    for number, amount in enumerate(("20.00", "35.50", "18.25", "99.99", "0.01")):
        till.order(
            amount,
            staff_id=str(number % 2 + 7),
            staff_name=("Mia", "Ben")[number % 2],
            channel=("dine_in", "takeaway", "delivery")[number % 3],
            payment_method=("card", "cash")[number % 2],
        )
    till.post(till.event("order_cancelled", {"order_id": "o-1", "amount": "2.50"}))
    for status in ("success", "success", "failed"):
        till.payment(status=status)
    screen = new_screen()
    return screen.open(screen.add_dashboard(*ALL_TEN))


def test_all_ten_types_show_what_rest_says(ten: Screen, till: Till) -> None:
    read = till.read(list(ALL_TEN))
    assert {one["status"] for one in read.values()} == {"ok"}
    data = {name: one["data"] for name, one in read.items()}
    shown = ten.shown
    assert first_figure(ten, "card") == money(data["card"]["value"])
    assert first_figure(ten, "kpi") == money(data["kpi"]["current"])
    assert f"{data['kpi']['percentage']:.1f}%" in shown["kpi"]["text"]
    assert data["kpi"]["status"] == ten.body("kpi").locator(".pb-pill").get_attribute("data-status")
    assert ten.body("gauge").locator(".pb-dial-value").inner_text() == f"{data['gauge']['value'] * 100:.1f}%"
    assert first_figure(ten, "progress") == f"{data['progress']['current_value']:,}"
    assert f"{data['progress']['percentage']:.1f}%" in shown["progress"]["text"]
    assert first_figure(ten, "spark") == f"{data['spark']['last']:,}"
    assert legend(ten.body("pie")) == {
        (money(part["value"]), f"{part['percentage']:.1f}%") for part in data["pie"]["slices"]
    }
    assert rows(ten.body("table")) == [
        [row["staff_name"] or "No staff", money(row["revenue"]), str(row["orders"]), money(row["average_order_value"])]
        for row in data["table"]["rows"]
    ]


def test_all_charts_draw_what_rest_says(ten: Screen, till: Till) -> None:
    data = {name: one["data"] for name, one in till.read(list(ALL_TEN)).items()}
    shown = {name: card["drawn"] for name, card in ten.shown.items()}
    assert along_time(shown["line"]) == [point["y"] for point in data["line"]["series"][0]["points"]]
    assert along_time(shown["spark"]) == data["spark"]["values"]
    ((bars,),) = shown["bars"]
    assert bars["y"] == data["bars"]["series"][0]["values"]
    ((ring,),) = shown["pie"]
    assert ring["values"] == [part["value"] for part in data["pie"]["slices"]]
    heat = next(trace for graph in shown["heat"] for trace in graph if trace["z"])
    assert heat["z"] == data["heat"]["z"]
    assert (len(heat["z"]), len(heat["z"][0])) == (7, 24)


def money(value: float) -> str:
    return f"${value:,.2f}"


def first_figure(screen: Screen, name: str) -> str:
    return str(screen.body(name).locator(".pb-big").inner_text())


def legend(pie: Locator) -> set[tuple[str, str]]:
    """Value and share of each slice."""
    return {
        (row.locator(".pb-legend-value").inner_text(), row.locator(".pb-legend-share").inner_text())
        for row in pie.locator(".pb-legend li").all()
    }


def rows(table: Locator) -> list[list[str]]:
    """The cells of each row in the order in which they stand."""
    found = table.locator(".ag-row").all()
    found.sort(key=lambda row: int(str(row.get_attribute("row-index"))))
    return [[cell.inner_text() for cell in row.locator(".ag-cell").all()] for row in found]


def along_time(graphs: list[list[dict[str, Any]]]) -> list[float]:
    """What the lines of a graph say at each position; the dashed end repeats the last closed one."""
    (traces,) = graphs
    found: dict[int, float] = {}
    for trace in traces:
        for x, y in zip(trace["x"], trace["y"], strict=True):
            assert found.setdefault(x, y) == y
    assert sorted(found) == list(range(len(found)))
    return [found[x] for x in sorted(found)]
