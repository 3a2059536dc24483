"""(i) A live event while a backfill of 1,000,000 runs: from its post until a figure shows it, against an idle system.

Ours: one process on SQLite, as it is unless told otherwise. Two clients post old orders with `mode=backfill`, 500 at a
time, as quickly as they are taken; another posts one order of today now and then, and asks for today's orders again and
again until that one is among them. The time is from the beginning of the post to the end of that answer. The other: the
same on the same server, before the backfill and after it, when nothing else happens.
"""

from __future__ import annotations

import random
import statistics
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.figures import Figure, command, median, stage
from benchmarks.orders import Restaurant, event
from benchmarks.places import Poster, body, directory
from benchmarks.processes import Server, serving
from benchmarks.screen import afternoon

EVENTS, BATCH, CLIENTS = 1_000_000, 500, 2
ORDERS_A_DAY = 1_000
SAMPLES_AT_REST, SAMPLES_AT_LEAST = 200, 200
BOUND = 5.0
SHOWN_WITHIN = 30.0
TODAYS_ORDERS = "/analytics/metrics/orders/current?range=today&site=main"

Milliseconds = list[float]


def run(quick: bool) -> list[Figure]:
    events, rests = (20_000, 20) if quick else (EVENTS, SAMPLES_AT_REST)
    with directory() as place:
        with stage(f"{events:,} old orders"):
            old = _Bodies(place / "bodies", events)
        with serving(place / "server", zone=afternoon()) as server:
            live = _Live(server)
            with stage(f"{rests} live events at rest"):
                live.samples(5)  # it begins warm
                idle = live.samples(rests // 2)
            with stage(f"live events while {events:,} old ones come in"), _backfill(server, old) as under_way:
                busy = live.samples_while(under_way)
            with stage(f"{rests} live events at rest"):
                idle += live.samples(rests // 2)
            live.close()
    return [_figure(busy, idle, events, under_way.seconds)]


def _figure(busy: Milliseconds, idle: Milliseconds, events: int, seconds: float) -> Figure:
    mine, other = _p95(busy), _p95(idle)
    ran = (
        f"p95 from the beginning of a post of one order to the answer that counts it: {len(busy)} while {events:,} "
        f"orders came in as backfill in {seconds:.0f} s ({events / seconds:,.0f}/s), posts of {BATCH} by {CLIENTS} "
        f"clients; against {len(idle)} on the same server, half before and half after; 150 to 400 ms between two. "
        f"Medians {median(busy):.1f} and {median(idle):.1f} ms, worst {max(busy):.0f} and {max(idle):.0f} ms."
    )
    return Figure("(i) live event, p95", ran, f"{mine:.1f} ms", f"{other:.1f} ms", f"{mine / other:.2f} times",
                  f"≤ {BOUND:g}", mine / other <= BOUND and len(busy) >= SAMPLES_AT_LEAST)  # fmt: skip


def _p95(samples: Milliseconds) -> float:
    return statistics.quantiles(samples, n=20)[18]


class _Bodies:
    """Posts of old orders, made before anything is measured, and read from a file as they are needed."""

    def __init__(self, file: Path, events: int) -> None:
        restaurant, made = Restaurant(ORDERS_A_DAY), 0
        self._sizes: list[int] = []
        with file.open("wb") as out:
            for day in range(-(-events // ORDERS_A_DAY)):
                orders = restaurant.day(day)[: events - made]
                made += len(orders)
                for start in range(0, len(orders), BATCH):
                    self._sizes.append(out.write(body(orders[start : start + BATCH])))
        self._file = file.open("rb")
        self._taking = threading.Lock()

    def next(self) -> bytes | None:
        with self._taking:
            return self._file.read(self._sizes.pop(0)) if self._sizes else None


class _UnderWay:
    """Whether the backfill still runs, and how long it took."""

    def __init__(self) -> None:
        self.ended = threading.Event()
        self.seconds = 0.0


@contextmanager
def _backfill(server: Server, old: _Bodies) -> Iterator[_UnderWay]:
    under_way = _UnderWay()
    begun = time.perf_counter()

    def post_all() -> None:
        poster = Poster(server)
        while (one := old.next()) is not None:
            poster.backfill(one)
        poster.close()
        under_way.ended.set()  # from the first client that finds nothing left
        under_way.seconds = time.perf_counter() - begun

    with ThreadPoolExecutor(CLIENTS) as threads:
        posting = [threads.submit(post_all) for _ in range(CLIENTS)]
        yield under_way
        for one in posting:
            one.result()


class _Live:
    """A till that posts orders of now, and a reader of today's orders."""

    def __init__(self, server: Server) -> None:
        self._poster, self._reader = Poster(server), Poster(server)
        self._orders = Restaurant(1)
        self._posted = 0

    def samples(self, number: int) -> Milliseconds:
        return [self._sample() for _ in range(number)]

    def samples_while(self, under_way: _UnderWay) -> Milliseconds:
        """Only such whose figure was seen before the backfill ended."""
        samples = []
        while not under_way.ended.is_set():
            found = self._sample()
            if not under_way.ended.is_set():
                samples.append(found)
        return samples

    def _sample(self) -> float:
        time.sleep(random.uniform(0.15, 0.4))
        now = datetime.now(UTC)
        self._posted += 1
        data = {**self._orders.order(now)["data"], "order_id": f"live-{self._posted}"}
        posted = body([event(f"live-{self._posted}", now, data)])
        begun = time.perf_counter()
        self._poster.post(posted)
        while self._reader.get(TODAYS_ORDERS)["value"] < self._posted:
            assert time.perf_counter() - begun < SHOWN_WITHIN, "a live event was not seen"
        return (time.perf_counter() - begun) * 1000

    def close(self) -> None:
        self._poster.close()
        self._reader.close()


if __name__ == "__main__":
    sys.exit(command(__doc__, run))
