"""The browser's script by itself: a page that holds its configuration, and a server's end of the socket held by us."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, WebSocketRoute, sync_playwright

SCRIPT = (Path(__file__).parents[2] / "assets" / "live.js").read_text()
ADDRESS = "http://pulseboard.test/"
CONFIG = {
    "ws_url": "/analytics/realtime/dashboard",
    "heartbeat_seconds": 10,
    "update_interval": 30,
    "topics": {"card": ["revenue@main"], "line": ["revenue@main", "orders@main"], "pie": ["customers@main"]},
    "turns": {"card": ["day"], "line": ["minute", "hour", "day"], "pie": ["day"]},
}
PAGE = """<html><body><div id="live-config" hidden></div><span id="connection-state">connecting</span>
<span id="live-done" hidden>0</span><p class="pb-asof"><time datetime="2026-03-01T12:00:00+00:00">as of</time></p>
<script>
  window.heard = [];
  window.answering = true;
  window.dash_clientside = { set_props(id, props) {
    heard.push([id, props.data]);
    if (answering) document.getElementById("live-done").textContent = props.data.n;
  } };
</script></body></html>"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield chromium
        chromium.close()


class Screen:
    """The page on a driven clock, and the server's side of each socket that it opens."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.sockets: list[WebSocketRoute] = []
        self.said: list[dict[str, Any]] = []
        self.accepting = True
        self.first_reading = "0"
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.route(ADDRESS + "**", lambda route: route.fulfill(body=PAGE, content_type="text/html"))
        page.route_web_socket("**/analytics/realtime/dashboard", self._opened)

    def _opened(self, socket: WebSocketRoute) -> None:
        self.sockets.append(socket)
        if not self.accepting:
            socket.close(code=1013)
            return
        socket.on_message(lambda text: self.said.append(json.loads(text)))
        self.tell("system_status", {"client_id": "c", "epoch": "e", "seq": 0}, 0)

    def open(self, config: dict[str, Any] | None = None) -> Screen:
        self.page.clock.install(time=1_772_366_400)  # 2026-03-01T12:00:00Z
        self.page.goto(ADDRESS)
        self.page.clock.pause_at(1_772_366_401)
        self.page.evaluate(
            "text => document.getElementById('live-config').dataset.config = text", json.dumps(config or CONFIG)
        )
        self.page.evaluate("text => document.getElementById('live-done').textContent = text", self.first_reading)
        self.page.evaluate("Math.random = () => 0.5")
        self.page.add_script_tag(content=SCRIPT)
        self.later(100)
        return self

    def tell(self, kind: str, data: dict[str, Any], seq: int | None = None) -> None:
        self.sockets[-1].send(json.dumps({"type": kind, "data": data, "seq": seq}))

    def confirm(self, recovered: bool, seq: int = 0, epoch: str = "e") -> Screen:
        self.tell("subscription_confirm", {"recovered": recovered, "epoch": epoch, "seq": seq}, seq)
        self.later(200)
        return self

    def invalidate(self, *topics: str, seq: int = 1, **more: Any) -> None:
        self.tell("invalidate", {"topics": list(topics), "buckets": None, "cause": "events", **more}, seq)
        self.later(10)

    def later(self, milliseconds: int) -> None:
        """Let the page's time pass, with room for messages between us and it."""
        self.page.wait_for_timeout(30)
        self.page.clock.run_for(milliseconds)
        self.page.wait_for_timeout(30)

    def later_with_life(self, seconds: int) -> None:
        for _ in range(seconds // 5):
            self.tell("heartbeat", {}, 0)
            self.later(5000)

    @property
    def signals(self) -> list[tuple[str, list[str]]]:
        heard = self.page.evaluate("window.heard")
        assert all(name == "live-signal" for name, _ in heard)
        return [(data["reason"], sorted(data["ids"])) for _, data in heard]

    @property
    def shown(self) -> tuple[str, str]:
        return (
            self.page.evaluate("document.documentElement.dataset.connection"),
            self.page.text_content("#connection-state") or "",
        )

    def cut(self) -> None:
        self.sockets[-1].close(code=1011)
        self.later(10)


@pytest.fixture
def screen(browser: Browser) -> Iterator[Screen]:
    context = browser.new_context()
    made = Screen(context.new_page())
    yield made
    assert made.errors == []
    context.close()


def test_it_subscribes_to_the_topics_of_all_widgets_and_reads_all_once(screen: Screen) -> None:
    screen.open()
    (frame,) = screen.said
    assert frame["type"] == "subscribe"
    assert frame["data"]["topics"] == ["customers@main", "orders@main", "revenue@main"]
    assert sorted(frame["data"]["turns"]) == ["day", "hour", "minute"]
    screen.confirm(recovered=False)
    assert screen.signals == [("reload", ["card", "line", "pie"])]
    assert screen.shown == ("live", "Live")


def test_a_page_that_knows_where_it_stands_reads_nothing_twice(screen: Screen) -> None:
    screen.open(CONFIG | {"since": {"epoch": "e", "seq": 7}}).confirm(recovered=True)
    assert screen.said[0]["data"]["since"] == {"epoch": "e", "seq": 7}
    assert screen.signals == []


def test_a_frame_names_only_the_widgets_it_touches(screen: Screen) -> None:
    screen.open(CONFIG | {"since": {"epoch": "e", "seq": 0}}).confirm(recovered=True)
    screen.invalidate("orders@main", "revenue@other")
    assert screen.signals == [("events", ["line"])]
    screen.later(100)
    screen.invalidate("*@main")
    assert screen.signals[1:] == [("events", ["card", "line", "pie"])]


def test_a_turn_of_time_touches_only_widgets_whose_ranges_it_moves(screen: Screen) -> None:
    screen.open(CONFIG | {"since": {"epoch": "e", "seq": 0}}).confirm(recovered=True)
    screen.invalidate("revenue@main", "orders@main", "customers@main", cause="time", turns=["minute"])
    assert screen.signals == [("time", ["line"])]


def test_what_changes_while_an_answer_is_under_way_becomes_one_signal(screen: Screen) -> None:
    screen.open(CONFIG | {"since": {"epoch": "e", "seq": 0}}).confirm(recovered=True)
    screen.page.evaluate("window.answering = false")
    screen.invalidate("revenue@main", seq=1)
    for seq, topic in enumerate(("orders@main", "customers@main", "orders@main"), start=2):
        screen.invalidate(topic, seq=seq)
        screen.later(100)
    assert screen.signals == [("events", ["card", "line"])]
    screen.page.evaluate("document.getElementById('live-done').textContent = 1")
    screen.later(100)
    assert screen.signals[1:] == [("events", ["line", "pie"])]


def test_a_signal_that_nobody_answers_is_sent_again(screen: Screen) -> None:
    screen.open(CONFIG | {"since": {"epoch": "e", "seq": 0}}).confirm(recovered=True)
    screen.page.evaluate("window.answering = false")
    screen.invalidate("customers@main")
    screen.later_with_life(15)
    assert ("retry", ["pie"]) in screen.signals


def test_figures_that_nobody_answers_for_are_said_to_be_late(screen: Screen) -> None:
    screen.open(CONFIG | {"since": {"epoch": "e", "seq": 0}}).confirm(recovered=True)
    screen.page.evaluate("window.answering = false")
    screen.invalidate("customers@main")
    screen.later_with_life(5)
    assert screen.shown == ("live", "Live")
    screen.later_with_life(10)
    assert screen.shown == ("late", "Figures are late")
    screen.page.evaluate("document.getElementById('live-done').textContent = pulseboardLive.signals")
    screen.later_with_life(5)
    assert screen.shown == ("live", "Live")


def test_a_page_whose_first_reading_failed_is_read_again(screen: Screen) -> None:
    screen.first_reading = ""
    screen.open(CONFIG | {"since": {"epoch": "e", "seq": 0}}).confirm(recovered=True)
    assert screen.signals == []
    screen.later_with_life(15)
    assert screen.signals == [("retry", ["card", "line", "pie"])]


def test_after_a_cut_it_comes_back_within_four_seconds_from_where_it_was(screen: Screen) -> None:
    screen.open().confirm(recovered=False, seq=5)
    screen.invalidate("revenue@main", seq=9)
    screen.cut()
    assert screen.shown == ("reconnecting", "Reconnecting…")
    screen.later(1900)
    assert len(screen.sockets) == 1
    screen.later(200)  # half of four seconds, by our dice
    assert len(screen.sockets) == 2
    assert screen.said[-1]["data"]["since"] == {"epoch": "e", "seq": 9}
    before = len(screen.signals)
    screen.confirm(recovered=True)
    assert screen.shown == ("live", "Live")
    assert len(screen.signals) == before
    screen.invalidate("customers@main", seq=12)
    assert screen.signals[before:] == [("events", ["pie"])]


def test_a_new_epoch_makes_it_read_everything(screen: Screen) -> None:
    screen.open().confirm(recovered=False)
    screen.cut()
    screen.later(2100)
    screen.confirm(recovered=False, epoch="f", seq=3)
    assert screen.signals[-1] == ("reload", ["card", "line", "pie"])
    assert screen.page.evaluate("pulseboardLive.position") == {"epoch": "f", "seq": 3}


def test_polls_that_failed_hold_nothing_up_when_the_server_is_back(screen: Screen) -> None:
    screen.open().confirm(recovered=False)
    screen.accepting = False
    screen.page.evaluate("window.answering = false")
    screen.cut()
    for _ in range(7):
        screen.later(2100)
    assert screen.signals[-1][0] == "poll"
    screen.accepting = True
    screen.later(2100)
    screen.confirm(recovered=False, epoch="f")
    assert screen.signals[-1] == ("reload", ["card", "line", "pie"])


def test_what_was_asked_for_when_the_cut_came_is_asked_for_again(screen: Screen) -> None:
    screen.open(CONFIG | {"since": {"epoch": "e", "seq": 0}}).confirm(recovered=True)
    screen.page.evaluate("window.answering = false")
    screen.invalidate("customers@main")
    screen.cut()
    screen.later(2100)
    screen.confirm(recovered=True)
    assert screen.signals == [("events", ["pie"]), ("retry", ["pie"])]


def test_after_three_failed_tries_it_polls_and_still_tries(screen: Screen) -> None:
    screen.open().confirm(recovered=False)
    screen.accepting = False
    screen.cut()
    states = []
    for _ in range(3):
        screen.later(2100)
        states.append(screen.shown[0])
    assert states == ["reconnecting", "reconnecting", "polling"]
    assert screen.shown[1] == "Polling"
    screen.later(11_000)
    assert screen.signals.count(("poll", ["card", "line", "pie"])) >= 2
    tried = len(screen.sockets)
    assert tried > 5
    screen.accepting = True
    screen.later(2100)
    screen.confirm(recovered=True)
    assert screen.shown == ("live", "Live")


def test_a_silent_connection_is_seen_to_be_dead_within_two_heartbeats(screen: Screen) -> None:
    screen.open().confirm(recovered=False)
    screen.tell("heartbeat", {}, 0)
    screen.later(18_000)
    assert screen.shown[0] == "live"
    screen.later(2000)
    assert screen.shown[0] == "reconnecting"
    screen.later(2100)
    assert len(screen.sockets) == 2


def test_heartbeats_are_answered_and_move_the_position(screen: Screen) -> None:
    screen.open().confirm(recovered=False, seq=3)
    screen.tell("heartbeat", {}, 40)
    screen.later(50)
    assert screen.said[-1]["type"] == "heartbeat"
    assert screen.page.evaluate("pulseboardLive.position.seq") == 40


def test_the_network_coming_back_is_used_at_once(screen: Screen) -> None:
    screen.open().confirm(recovered=False)
    screen.accepting = False
    screen.cut()
    screen.later(2100)
    screen.accepting = True
    screen.page.evaluate("window.dispatchEvent(new Event('online'))")
    screen.later(300)
    screen.confirm(recovered=True)
    assert screen.shown[0] == "live"


def test_every_widget_is_checked_at_least_every_update_interval(screen: Screen) -> None:
    screen.open(CONFIG | {"since": {"epoch": "e", "seq": 0}}).confirm(recovered=True)
    screen.later_with_life(95)
    assert screen.signals.count(("check", ["card", "line", "pie"])) >= 3


def test_another_dashboard_on_the_page_changes_the_subscription(screen: Screen) -> None:
    screen.open().confirm(recovered=False)
    other = CONFIG | {"topics": {"gauge": ["tips@main"]}, "turns": {"gauge": ["day"]}}
    screen.page.evaluate("text => document.getElementById('live-config').dataset.config = text", json.dumps(other))
    screen.later(1100)
    assert [frame["type"] for frame in screen.said[-2:]] == ["unsubscribe", "subscribe"]
    assert screen.said[-1]["data"]["topics"] == ["tips@main"]


def test_ages_are_shown(screen: Screen) -> None:
    screen.open().confirm(recovered=False)
    screen.later_with_life(120)
    assert screen.page.get_attribute("time", "data-age") == "2 min ago"


@pytest.mark.parametrize("why", ["signed out", "access changed"])
def test_losing_the_right_to_listen_loads_the_page_again(screen: Screen, why: str) -> None:
    screen.open().confirm(recovered=False)
    with screen.page.expect_navigation():
        screen.sockets[-1].close(code=1008, reason=why)
        screen.page.wait_for_timeout(300)
