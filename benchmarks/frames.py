"""(d) An event accepted → its frame at a client, on an idle system, against a bare flask-sock echo.

Ours begins when the client starts to send the post, and ends when the `invalidate` frame is in another client's hands:
HTTP, checks, the commit and the hub are all in it. The other is a message of the same size sent over an open socket
and back. What ours adds is the difference of the medians.
"""

from __future__ import annotations

import json
import queue
import random
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from simple_websocket import Client, ConnectionClosed

from benchmarks.figures import Figure, Samples, command, interleaved, stage
from benchmarks.orders import ZONE, Restaurant
from benchmarks.places import Poster, body, directory
from benchmarks.processes import Server, serving

PATH = "/analytics/realtime/dashboard"
TOPICS = ["revenue@main", "orders@main", "customers@main", "average_order_value@main"]
MESSAGE = json.dumps({"type": "invalidate", "data": "x" * 150})
BOUND_MS = 25.0
ARRIVES_WITHIN = 10


def run(quick: bool) -> list[Figure]:
    pairs = 10 if quick else 120
    with (
        directory() as place,
        serving(place / "server") as server,
        serving(place / "echo", ("-m", "benchmarks.echo")) as echo,
        closing(_Pulseboard(server)) as ours,
        closing(_Echo(echo)) as theirs,
    ):
        interleaved(5, ours.measure, theirs.measure)  # both begin warm
        with stage(f"{pairs} pairs"):
            found = interleaved(pairs, ours.measure, theirs.measure)
    return [_figure(found)]


def _figure(found: Samples) -> Figure:
    mine, other = (seconds * 1000 for seconds in found.medians)
    added = mine - other
    ran = (
        f"{len(found.ours)} pairs: a post of one order → the invalidate frame at a subscribed client, against a "
        "message of 200 bytes to a bare flask-sock echo under the same gunicorn worker and back; what is measured is "
        "the difference of the medians."
    )
    return Figure("(d) frames", ran, f"{mine:.1f} ms", f"{other:.1f} ms", f"{added:+.1f} ms",
                  f"≤ {BOUND_MS:g} ms", added <= BOUND_MS)  # fmt: skip


def _wait_idly() -> None:
    """No two events come close together, nor at a rhythm."""
    time.sleep(random.uniform(0.15, 0.4))


class _Echo:
    def __init__(self, server: Server) -> None:
        self._socket = Client(f"{server.socket_url}/echo")

    def measure(self) -> float:
        _wait_idly()
        begun = time.perf_counter()
        self._socket.send(MESSAGE)
        self._socket.receive(timeout=ARRIVES_WITHIN)
        return time.perf_counter() - begun

    def close(self) -> None:
        self._socket.close()


class _Pulseboard:
    def __init__(self, server: Server) -> None:
        self._listener, self._poster = _Listener(server), Poster(server)
        self._orders = Restaurant(1)

    def measure(self) -> float:
        _wait_idly()
        posted = body([self._orders.order(datetime.now(ZoneInfo(ZONE)))])
        begun = time.perf_counter()
        self._poster.post(posted)
        return self._listener.next() - begun

    def close(self) -> None:
        self._listener.close()
        self._poster.close()


class _Listener:
    """A client that subscribes, and notes when each frame about events came."""

    def __init__(self, server: Server) -> None:
        self._socket = Client(server.socket_url + PATH, headers=server.headers)
        self._came: queue.Queue[float] = queue.Queue()
        self._subscribed = threading.Event()
        threading.Thread(target=self._hear, daemon=True).start()
        wish = {"subscription_type": "dashboard", "topics": TOPICS}
        self._socket.send(json.dumps({"type": "subscribe", "data": wish}))
        assert self._subscribed.wait(ARRIVES_WITHIN), "the subscription was not confirmed"

    def next(self) -> float:
        return self._came.get(timeout=ARRIVES_WITHIN)

    def close(self) -> None:
        self._socket.close()

    def _hear(self) -> None:
        for text in self._texts():
            came = time.perf_counter()
            frame: dict[str, Any] = json.loads(text)
            if frame["type"] == "invalidate" and frame["data"]["cause"] == "events":
                self._came.put(came)
            elif frame["type"] == "subscription_confirm":
                self._subscribed.set()
            elif frame["type"] == "heartbeat":
                self._socket.send(json.dumps({"type": "heartbeat", "data": {}}))

    def _texts(self) -> Iterator[str]:
        with suppress(ConnectionClosed):
            while True:
                yield self._socket.receive()


if __name__ == "__main__":
    sys.exit(command(__doc__, run))
