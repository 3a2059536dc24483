"""A real HTTP server that takes events as Pulseboard does, and can be told to refuse, stall and fall ill."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from pulseboard_hooks import process

Answer = tuple[int, dict[str, str], Any]


class FakePulseboard:
    """Remembers every event it accepted; `answers` are given, each once, before it behaves."""

    def __init__(self) -> None:
        self.accepted: dict[str, dict[str, Any]] = {}
        self.requests: list[list[dict[str, Any]]] = []
        self.keys: list[str] = []
        self.paths: list[str] = []
        self.invalidated: list[dict[str, Any]] = []
        self.answers: list[Answer] = []
        self.judge: Callable[[dict[str, Any]], str | None] = lambda event: None
        self.stall = threading.Event()
        self.stall.set()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.stall.wait(20)
                status, headers, data = outer.answer(self.headers["Authorization"], self.path, body)
                payload = json.dumps(data).encode()
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(payload))}.items():
                    self.send_header(name, value)
                with contextlib.suppress(ConnectionError):  # the caller was killed meanwhile
                    self.end_headers()
                    self.wfile.write(payload)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def answer(self, key: str, path: str, body: bytes) -> Answer:
        assert path in ("/analytics/events", "/analytics/cache/invalidate")
        self.paths.append(path.rpartition("/")[2])
        self.keys.append(key)
        if self.answers:
            return self.answers.pop(0)
        if path.endswith("invalidate"):
            self.invalidated.append(json.loads(body))
            return 200, {}, {"invalidated": []}
        events = [json.loads(line) for line in body.splitlines()]
        self.requests.append(events)
        results = [self._take(index, event) for index, event in enumerate(events)]
        rejected = sum(result["status"] == "rejected" for result in results)
        status = 202 if not rejected else 422 if rejected == len(results) else 207
        return status, {}, {"results": results}

    def _take(self, index: int, event: dict[str, Any]) -> dict[str, Any]:
        if fault := self.judge(event):
            return {"index": index, "status": "rejected", "errors": [{"code": fault}]}
        status = "duplicate" if event["id"] in self.accepted else "accepted"
        self.accepted[event["id"]] = event
        return {"index": index, "id": event["id"], "status": status}

    def wait_for(self, count: int, seconds: float = 10) -> None:
        deadline = time.monotonic() + seconds
        while len(self.accepted) < count:
            assert time.monotonic() < deadline, f"{len(self.accepted)} of {count} events arrived"
            time.sleep(0.01)

    def close(self) -> None:
        self.stall.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def pulseboard() -> Iterator[FakePulseboard]:
    server = FakePulseboard()
    yield server
    server.close()


@pytest.fixture
def outbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where this process's events wait; it has made no call yet, and forgets all of them afterwards."""
    path = tmp_path / "outbox" / "waiting.sqlite3"
    monkeypatch.setenv("PULSEBOARD_OUTBOX", str(path))
    for key in ("PULSEBOARD_URL", "PULSEBOARD_API_KEY"):
        monkeypatch.delenv(key, raising=False)
    process.close()
    yield path
    process.close()


@pytest.fixture
def hooked(pulseboard: FakePulseboard, outbox: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakePulseboard]:
    """A process that has sent nothing yet, and whose environment names the server."""
    monkeypatch.setenv("PULSEBOARD_URL", pulseboard.url + "/")
    monkeypatch.setenv("PULSEBOARD_API_KEY", "pb_test")
    yield pulseboard
    pulseboard.stall.set()
