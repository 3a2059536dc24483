"""The socket of the real server: who may open it, what is heard on it, how it ends (promises 14 to 16, 22 to 25)."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from services.container import Services, build
from settings import Settings
from tests.conftest import Server
from tests.faults.proxy import Proxy

PATH = "/analytics/realtime/dashboard"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for this module: its tests leave nothing behind that another would see."""
    running = Server(tmp_path_factory.mktemp("realtime"))
    yield running.start()
    running.kill()


@pytest.fixture(scope="module")
def behind(server: Server) -> Iterator[Services]:
    """The same store, opened from here: for keys and sessions that no route makes yet."""
    services = build(Settings(database_url=server.database_url))
    yield services
    services.store.close()


class Client:
    """A program at the other end of the socket."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.greeting = self.next("system_status")

    def send(self, kind: str, **data: Any) -> None:
        self.socket.send(json.dumps({"type": kind, "data": data}))

    def subscribe(self, *topics: str, **more: Any) -> dict[str, Any]:
        self.send("subscribe", topics=list(topics), **more)
        return self.next("subscription_confirm")["data"]

    def next(self, kind: str, seconds: float = 3) -> dict[str, Any]:
        """The next frame of that type, others passed over."""
        deadline = time.monotonic() + seconds
        while True:
            frame = json.loads(self.socket.recv(timeout=max(0.0, deadline - time.monotonic())))
            if frame["type"] == kind:
                return frame

    def closed_within(self, seconds: float) -> int:
        """The code with which the server closes."""
        deadline = time.monotonic() + seconds
        with pytest.raises(ConnectionClosed) as caught:
            while True:
                self.socket.recv(timeout=max(0.0, deadline - time.monotonic()))
        assert caught.value.rcvd is not None
        return caught.value.rcvd.code


Open = Callable[..., Client]


@pytest.fixture
def opened(server: Server) -> Iterator[Open]:
    """Opens sockets: `opened()` with the administrator's key, or with other headers, a query, a port."""
    with contextlib.ExitStack() as stack:

        def open_one(headers: dict[str, str] | None = None, query: str = "", port: int = server.port) -> Client:
            chosen = server.headers if headers is None else headers
            origin = {"origin": chosen.pop("Origin")} if "Origin" in chosen else {}
            address = f"ws://127.0.0.1:{port}{PATH}{query}"
            socket = connect(address, additional_headers=chosen, open_timeout=5, **origin)  # type: ignore[arg-type]
            return Client(stack.enter_context(socket))

        yield open_one


def refused(opened: Open, headers: dict[str, str], **more: Any) -> httpx.Headers:
    """The status line and headers of the answer that takes the upgrade's place."""
    with pytest.raises(InvalidStatus) as caught:
        opened(headers, **more)
    response = caught.value.response
    return httpx.Headers([(":status", str(response.status_code)), *response.headers.raw_items()])


def post_order(server: Server, site: str = "main") -> None:
    order = {"order_id": str(time.time_ns()), "total_amount": "42.50", "items_count": 3}
    event = {"type": "order_completed", "site": site, "occurred_at": datetime.now(UTC).isoformat(), "data": order}
    assert httpx.post(f"{server.url}/analytics/events", headers=server.headers, json=event).status_code == 202


def cookie(behind: Services, username: str = "admin") -> dict[str, str]:
    account = behind.accounts.get(username)
    assert account is not None
    token, _ = behind.sessions.open(account)
    return {"Cookie": f"pulseboard_session={token}"}


def bearer(behind: Services, *permissions: str, sites: list[str] | None = None) -> tuple[dict[str, str], str]:
    token, key = behind.keys.create("till", permissions, sites)
    return {"Authorization": f"Bearer {token}"}, key.id


# Who may open it.


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer pb_wrong"}, {"Cookie": "pulseboard_session=wrong"}])
def test_strangers_are_refused_before_the_upgrade(opened: Open, headers: dict[str, str]) -> None:
    assert refused(opened, headers)[":status"] == "401"


def test_a_cookie_needs_an_allowed_origin(opened: Open, server: Server, behind: Services) -> None:
    held = cookie(behind)
    assert refused(opened, dict(held))[":status"] == "403"
    for origin in ("http://evil.example", server.url + ".evil.example", "null", f"https://127.0.0.1:{server.port}"):
        assert refused(opened, held | {"Origin": origin})[":status"] == "403"
    assert opened(held | {"Origin": server.url}).greeting["data"]["client_id"]


def test_a_foreign_origin_is_refused_whatever_else_is_shown(opened: Open, server: Server) -> None:
    ticket = httpx.post(f"{server.url}/analytics/realtime/ticket", headers=server.headers).json()["ticket"]
    foreign = {"Origin": "http://evil.example"}
    assert refused(opened, server.headers | foreign)[":status"] == "403"
    assert refused(opened, foreign, query=f"?ticket={ticket}")[":status"] == "403"


def test_a_ticket_opens_one_socket_once(opened: Open, server: Server) -> None:
    answer = httpx.post(f"{server.url}/analytics/realtime/ticket", headers=server.headers)
    assert answer.status_code == 200
    assert answer.json()["expires_in"] <= 60
    query = f"?ticket={answer.json()['ticket']}"
    assert opened({}, query).greeting
    assert refused(opened, {}, query=query)[":status"] == "401"


def test_a_long_lived_token_in_the_address_opens_nothing(opened: Open, server: Server) -> None:
    assert refused(opened, {}, query=f"?ticket={server.key}&token={server.key}")[":status"] == "401"


def test_a_key_without_the_permission_to_stream_is_refused(opened: Open, behind: Services) -> None:
    headers, _ = bearer(behind, "view_dashboard")
    assert refused(opened, headers)[":status"] == "403"
    headers, _ = bearer(behind, "access_realtime")
    assert refused(opened, headers)[":status"] == "403"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Upgrade": "websocket", "Connection": "Upgrade"},
        {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "99", "Sec-WebSocket-Key": "x"},
    ],
)
def test_what_is_no_handshake_is_the_clients_fault(server: Server, headers: dict[str, str]) -> None:
    answer = httpx.get(server.url + PATH, headers=server.headers | headers)
    assert 400 <= answer.status_code < 500


def test_past_the_limit_it_answers_503_and_http_stays_quick(new_server: Callable[..., Server]) -> None:
    full = new_server(WEBSOCKET_MAX_CONNECTIONS="3").start()
    address = f"ws://127.0.0.1:{full.port}{PATH}"
    with contextlib.ExitStack() as stack:
        held = [stack.enter_context(connect(address, additional_headers=full.headers)) for _ in range(3)]
        with pytest.raises(InvalidStatus) as caught:
            connect(address, additional_headers=full.headers)
        assert caught.value.response.status_code == 503
        assert int(caught.value.response.headers["Retry-After"]) >= 1
        started = time.monotonic()
        assert httpx.get(f"{full.url}/analytics/health/live").status_code == 200
        assert time.monotonic() - started < 1
        held[0].close()
        deadline = time.monotonic() + 3
        while True:
            try:
                stack.enter_context(connect(address, additional_headers=full.headers))
                break
            except InvalidStatus:
                assert time.monotonic() < deadline, "the place was not given back"


# What is heard on it.


def test_an_event_is_heard_within_a_second(opened: Open, server: Server) -> None:
    client = opened()
    assert client.subscribe("revenue@main", "orders@main")["recovered"] is False
    post_order(server)
    frame = client.next("invalidate", 1)
    assert frame["data"]["topics"] == ["orders@main", "revenue@main"]
    assert frame["data"]["cause"] == "events"
    assert frame["data"]["buckets"]["from"] < frame["data"]["buckets"]["to"]
    assert frame["seq"] > client.greeting["seq"] - 1


def test_values_are_told_to_those_who_ask_for_them(opened: Open, server: Server) -> None:
    client = opened()
    client.subscribe("orders@main", subscription_type="metrics")
    post_order(server)
    first = client.next("metric_update")["data"]
    post_order(server)
    assert client.next("metric_update")["data"]["value"] == first["value"] + 1


def test_a_key_for_one_site_hears_nothing_of_another(opened: Open, server: Server, behind: Services) -> None:
    headers, _ = bearer(behind, "view_dashboard", "access_realtime", sites=["elsewhere"])
    client = opened(headers)
    client.send("subscribe", topics=["revenue@main"])
    assert client.next("error")["data"]["code"] == "forbidden"
    client.send("subscribe", topics=["*@*"])
    post_order(server)
    with pytest.raises(TimeoutError):
        client.next("invalidate", 1)


def test_who_was_away_is_told_what_was_missed(opened: Open, server: Server) -> None:
    with Proxy(("127.0.0.1", server.port)) as proxy:
        before = opened(port=proxy.port)
        before.subscribe("orders@main")
        post_order(server)
        since = {"epoch": before.greeting["data"]["epoch"], "seq": before.next("invalidate")["seq"]}
        proxy.refuse()
        with pytest.raises(ConnectionClosed):
            before.socket.recv(timeout=2)
        post_order(server)
        proxy.restore()
        again = opened(port=proxy.port)
        assert again.subscribe("orders@main", since=since)["recovered"] is True
        missed = again.next("invalidate", 1)
        assert missed["data"]["topics"] == ["orders@main"]
        assert missed["seq"] > since["seq"]
        assert again.subscribe("orders@main", since=since | {"epoch": "another"})["recovered"] is False


def test_a_storm_of_events_is_at_most_one_frame_in_100_ms(opened: Open, server: Server) -> None:
    client = opened()
    client.subscribe("orders@main")
    started = time.monotonic()
    with httpx.Client() as http:
        for n in range(60):
            data = {"order_id": f"storm-{time.time_ns()}-{n}", "total_amount": "1.00", "items_count": 1}
            event = {"type": "order_completed", "occurred_at": datetime.now(UTC).isoformat(), "data": data}
            http.post(f"{server.url}/analytics/events", headers=server.headers, json=event)
    client.send("get_current_data")
    elapsed, frames = time.monotonic() - started, 0
    with contextlib.suppress(TimeoutError):
        while client.next("invalidate", 0.5):
            frames += 1
    assert 1 <= frames <= elapsed / 0.1 + 3


# What is sent on it.


@pytest.mark.parametrize("text", ["{", "[]", '{"type":"shout"}', '{"type":"subscribe","data":{"topics":["\\ud800"]}}'])
def test_nonsense_is_answered_and_the_socket_stays(opened: Open, text: str) -> None:
    client = opened()
    client.socket.send(text)
    assert client.next("error")["data"]["code"] == "invalid"
    assert client.subscribe("revenue@main")


def test_a_frame_over_64_kib_ends_the_socket(opened: Open) -> None:
    client = opened()
    client.socket.send("x" * 70_000)
    assert client.closed_within(2) == 1009


def test_a_flood_of_frames_ends_the_socket(opened: Open) -> None:
    client = opened()
    with contextlib.suppress(ConnectionClosed):
        for _ in range(200):
            client.send("heartbeat")
    assert client.closed_within(2) == 1008


# How it ends.


def test_signing_out_closes_the_socket_within_5_seconds(opened: Open, server: Server, behind: Services) -> None:
    held = cookie(behind)
    client = opened(held | {"Origin": server.url})
    behind.sessions.close(held["Cookie"].partition("=")[2])
    assert client.closed_within(5) == 1008


@pytest.mark.parametrize("change", [{"role": "analyst"}, {"disabled": True}, {"sites": ["elsewhere"]}])
def test_a_changed_or_disabled_user_loses_the_socket_within_5_seconds(
    opened: Open, server: Server, behind: Services, change: dict[str, Any]
) -> None:
    username = f"vera-{next(iter(change))}"
    behind.accounts.create(username, "a long enough password", "viewer")
    client = opened(cookie(behind, username) | {"Origin": server.url})
    client.subscribe("revenue@main")
    behind.accounts.change(username, **change)
    assert client.closed_within(5) == 1008


def test_a_viewer_hears_a_dashboard_but_no_values(opened: Open, server: Server, behind: Services) -> None:
    behind.accounts.create("vera", "a long enough password", "viewer")
    client = opened(cookie(behind, "vera") | {"Origin": server.url})
    client.send("subscribe", subscription_type="metrics", topics=["revenue@main"])
    assert client.next("error")["data"]["code"] == "forbidden"
    client.subscribe("revenue@main")
    post_order(server)
    assert client.next("invalidate", 1)


def test_a_revoked_key_closes_its_sockets_within_5_seconds_also_one_opened_by_ticket(
    opened: Open, server: Server, behind: Services
) -> None:
    headers, key_id = bearer(behind, "view_dashboard", "access_realtime")
    ticket = httpx.post(f"{server.url}/analytics/realtime/ticket", headers=headers).json()["ticket"]
    by_key, by_ticket, other = opened(headers), opened({}, f"?ticket={ticket}"), opened()
    behind.keys.revoke(key_id)
    assert by_key.closed_within(5) == 1008
    assert by_ticket.closed_within(1) == 1008
    assert other.subscribe("revenue@main")


def test_an_administrator_sees_and_ends_connections(opened: Open, server: Server, behind: Services) -> None:
    client = opened()
    client.subscribe("revenue@main")
    client_id = client.greeting["data"]["client_id"]
    with httpx.Client(base_url=server.url, headers=server.headers) as http:
        assert http.get("/analytics/websocket/stats").json()["connections"] >= 1
        listed = http.get("/analytics/websocket/connections").json()["connections"]
        assert [one["subscriptions"] for one in listed if one["client_id"] == client_id] == [
            {"dashboard": ["revenue@main"]}
        ]
        assert http.post("/analytics/websocket/broadcast", json={"message": "closing early"}).status_code == 202
        assert client.next("system_status")["data"]["message"] == "closing early"
        assert http.post("/analytics/websocket/broadcast", json={"message": 7}).status_code == 422
        assert http.delete(f"/analytics/websocket/connections/{client_id}").status_code == 204
        assert client.closed_within(2) == 1008
        assert http.delete(f"/analytics/websocket/connections/{client_id}").status_code == 404
    viewer, _ = bearer(behind, "view_dashboard")
    assert httpx.get(f"{server.url}/analytics/websocket/stats", headers=viewer).status_code == 403


def test_stopping_closes_sockets_with_1012_and_is_quick(new_server: Callable[..., Server]) -> None:
    stopping = new_server().start()
    with connect(f"ws://127.0.0.1:{stopping.port}{PATH}", additional_headers=stopping.headers) as socket:
        client = Client(socket)
        started = time.monotonic()
        assert stopping.stop() == 0
        assert client.closed_within(1) == 1012
        assert time.monotonic() - started < 6


def test_a_peer_that_vanishes_without_a_word_gives_its_place_back(opened: Open, server: Server) -> None:
    with Proxy(("127.0.0.1", server.port)) as proxy:
        client_id = opened(port=proxy.port).greeting["data"]["client_id"]
        proxy.cut()
        deadline = time.monotonic() + 3
        while time.monotonic() < deadline:
            answer = httpx.get(f"{server.url}/analytics/websocket/connections", headers=server.headers)
            if client_id not in {one["client_id"] for one in answer.json()["connections"]}:
                return
            time.sleep(0.05)
        raise AssertionError("the connection is still listed")
