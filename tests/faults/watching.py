"""A client that waits at a server's socket for what is announced."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from websockets.sync.client import ClientConnection, connect

from tests.conftest import Server

PATH = "/analytics/realtime/dashboard"


class Watcher:
    """Subscribed to some topics."""

    def __init__(self, socket: ClientConnection, topics: list[str]) -> None:
        self._socket = socket
        self._socket.send(json.dumps({"type": "subscribe", "data": {"topics": topics}}))
        self._next("subscription_confirm", time.monotonic() + 5)

    def hears(self, topic: str, seconds: float = 2) -> dict[str, Any]:
        """The first `invalidate` from now on that names the topic; TimeoutError where none comes in time."""
        deadline = time.monotonic() + seconds
        while True:
            data = self._next("invalidate", deadline)
            if topic in data["topics"]:
                return data

    def _next(self, kind: str, deadline: float) -> dict[str, Any]:
        while True:
            frame = json.loads(self._socket.recv(timeout=max(0.0, deadline - time.monotonic())))
            if frame["type"] == kind:
                data: dict[str, Any] = frame["data"]
                return data


@contextmanager
def watching(server: Server, *topics: str) -> Iterator[Watcher]:
    address = f"ws://127.0.0.1:{server.port}{PATH}"
    with connect(address, additional_headers=server.headers, open_timeout=5) as socket:
        yield Watcher(socket, list(topics))
