"""The client against a real HTTP server that is ill, slow or strict."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from services.errors import Forbidden, InvalidRequest, StoreUnavailable, Unauthenticated
from services.importing.posting import Client

EVENTS = [{"id": str(number)} for number in range(1200)]


class Server:
    """Answers what `answers` hold, each once; then takes every event."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, dict[str, str], dict[str, Any]]] = []
        self.seen: list[tuple[str, str, str]] = []
        self.batches: list[int] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.seen.append((self.path, self.headers["Authorization"], self.headers["Content-Type"]))
                events = [json.loads(line) for line in body.splitlines()]
                status, headers, data = outer.answers.pop(0) if outer.answers else outer.take(events)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(json.dumps(data).encode())

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def take(self, events: list[dict[str, Any]]) -> tuple[int, dict[str, str], dict[str, Any]]:
        self.batches.append(len(events))
        return 202, {}, {"results": [{"index": i, "id": e["id"], "status": "accepted"} for i, e in enumerate(events)]}

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    yield running
    running.close()


def test_events_go_in_batches_with_the_key_as_backfill(server: Server) -> None:
    through: list[int] = []
    with Client(server.url, "pb_test") as client:
        tally = client.post(EVENTS, backfill=True, progress=through.append)
    assert server.batches == through == [500, 500, 200]
    assert server.seen[0] == ("/analytics/events?mode=backfill", "Bearer pb_test", "application/x-ndjson")
    assert tally.accepted == 1200


def test_long_events_go_in_smaller_batches(server: Server) -> None:
    long = [{"id": str(number), "note": "x" * 200_000} for number in range(7)]
    with Client(server.url, "pb_test") as client:
        assert client.post(long, backfill=True).accepted == 7
    assert server.batches == [3, 3, 1]


def test_a_server_that_asks_for_a_pause_gets_it_and_the_batch_again(server: Server) -> None:
    server.answers = [(503, {"Retry-After": "1"}, {}), (429, {}, {})]
    began = time.monotonic()
    with Client(server.url, "pb_test") as client:
        assert client.post(EVENTS, backfill=True).accepted == 1200
    assert time.monotonic() - began >= 1


def test_patience_has_an_end(server: Server) -> None:
    server.answers = [(503, {"Retry-After": "5"}, {})] * 3
    with Client(server.url, "pb_test", patience=1) as client, pytest.raises(StoreUnavailable):
        client.post(EVENTS, backfill=True)
    with Client("http://127.0.0.1:1", "pb_test", patience=0.2) as client, pytest.raises(StoreUnavailable):
        client.post(EVENTS, backfill=True)


@pytest.mark.parametrize(("status", "error"), [(401, Unauthenticated), (403, Forbidden), (413, InvalidRequest)])
def test_a_refusal_is_told_and_not_repeated(server: Server, status: int, error: type[Exception]) -> None:
    server.answers = [(status, {}, {"detail": "because"})]
    with Client(server.url, "pb_test") as client, pytest.raises(error, match="because"):
        client.post(EVENTS, backfill=True)
    assert len(server.seen) == 1


def test_rejected_events_are_counted_and_told(server: Server) -> None:
    fault = {"code": "invalid", "pointer": "/data/total_amount", "detail": "must be an amount"}
    results = [
        {"index": 0, "id": "0", "status": "duplicate"},
        {"index": 1, "id": "1", "status": "rejected", "errors": [fault]},
    ]
    server.answers = [(207, {}, {"results": results}), (422, {}, {"results": results[1:]})]
    with Client(server.url, "pb_test") as client:
        mixed = client.post(EVENTS[:2], backfill=False)
        mixed.merge(client.post(EVENTS[1:2], backfill=False))
    assert (mixed.accepted, mixed.duplicates, mixed.rejected) == (0, 1, 2)
    assert mixed.faults == ["1: /data/total_amount must be an amount"] * 2
    assert server.seen[0][0] == "/analytics/events"
