"""(a) Events per second through HTTP, against raw sqlite3 that writes the same rows and rollups.

Ours: the server under gunicorn, posts of 500 orders by a few clients whose connections stay open; each event is
checked, told from those known, durable and rolled up when the answer comes. The other: one sqlite3 connection with the
same PRAGMAs on the same tables, that is given all rows that Pulseboard writes for these events, ready made, one
executemany for each table; a transaction for each 500 events, and nothing is parsed, checked or looked up.
"""

from __future__ import annotations

import re
import shutil
import sqlite3
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import event as listening

from benchmarks.figures import Figure, command, interleaved, stage
from benchmarks.orders import Restaurant
from benchmarks.places import EVERYTHING, Poster, body, directory, services_on
from benchmarks.processes import serving

BATCH = 500
CLIENTS = 4
ORDERS_A_DAY = 1_000
BOUND = 0.45
PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-65536", "temp_store=MEMORY")

Batch = list[dict[str, Any]]
Row = tuple[Any, ...]
Written = dict[str, list[Row]]
"""What one transaction writes: statements of one row, each with all its rows."""
_INSERT = re.compile(r"(INSERT INTO \w+ \(([^)]+)\) VALUES) .*?( ON CONFLICT .*)?", re.DOTALL)


def run(quick: bool) -> list[Figure]:
    rounds, batches_a_round = (2, 2 * CLIENTS) if quick else (7, 10 * CLIENTS)
    events = BATCH * batches_a_round
    with directory() as place:
        with stage(f"{(rounds + 1) * events} events, and the rows they make"):
            batches = batches_of((rounds + 1) * batches_a_round)
            written = _written(place / "reference.sqlite3", place / "raw.sqlite3", batches)
        raw = _Raw(place / "raw.sqlite3", iter(written))
        with stage(f"{rounds} pairs of {events} events"), serving(place / "server") as server:
            http = Http([Poster(server) for _ in range(CLIENTS)], iter([body(batch) for batch in batches]))
            http.take(batches_a_round)  # both begin warm
            raw.take(batches_a_round)
            found = interleaved(rounds, lambda: http.take(batches_a_round), lambda: raw.take(batches_a_round))
        http.close()
        raw.close()
    ours, theirs = found.medians
    ran = (
        f"{rounds} pairs of {events} orders (1 to 3 lines each) in posts of {BATCH} by {CLIENTS} clients, against "
        "sqlite3's executemany of the same rows and upserts with the same PRAGMAs (WAL, synchronous=FULL), a "
        f"transaction for each {BATCH}."
    )
    return [
        Figure("(a) events in", ran, f"{ours:,.0f}/s", f"{theirs:,.0f}/s", f"{found.ratio:.2f} times",
               f"≥ {BOUND}", found.ratio >= BOUND)
    ]  # fmt: skip


def batches_of(count: int) -> list[Batch]:
    restaurant = Restaurant(ORDERS_A_DAY)
    orders = (order for number in range(count * BATCH // ORDERS_A_DAY + 1) for order in restaurant.day(number))
    return [list(islice(orders, BATCH)) for _ in range(count)]


def _written(reference: Path, empty_copy: Path, batches: Sequence[Batch]) -> list[Written]:
    """What Pulseboard writes for each batch: taken down while services of this process accept them."""
    services = services_on(reference)
    services.store.close()
    shutil.copy(reference, empty_copy)
    written: list[Written] = []

    def take_down(_c: Any, _u: Any, sql: str, values: Sequence[Any], _x: Any, _m: Any) -> None:
        if insert := _INSERT.fullmatch(sql):
            into, columns, on_conflict = insert.groups()
            width = columns.count(",") + 1
            single = f"{into} ({', '.join('?' * width)}){on_conflict or ''}"
            rows = [tuple(values[at : at + width]) for at in range(0, len(values), width)]
            written[-1].setdefault(single, []).extend(rows)

    listening.listen(services.store.engine, "before_cursor_execute", take_down)
    services.writer.start()
    for batch in batches:
        written.append({})
        services.intake.accept(batch, scope=EVERYTHING, source="benchmark")
    services.writer.stop()
    services.store.close()
    return written


class _Raw:
    def __init__(self, file: Path, written: Iterator[Written]) -> None:
        self._connection = sqlite3.connect(file, isolation_level=None)
        for pragma in PRAGMAS:
            self._connection.execute(f"PRAGMA {pragma}")
        self._written = written

    def take(self, count: int) -> float:
        """Events per second over the next `count` batches."""
        batches = list(islice(self._written, count))
        begun = time.perf_counter()
        for statements in batches:
            self._connection.execute("BEGIN IMMEDIATE")
            for sql, rows in statements.items():
                self._connection.executemany(sql, rows)
            self._connection.execute("COMMIT")
        return count * BATCH / (time.perf_counter() - begun)

    def close(self) -> None:
        self._connection.close()


class Http:
    def __init__(self, posters: Sequence[Poster], bodies: Iterator[bytes]) -> None:
        self._posters = posters
        self._bodies = bodies

    def take(self, count: int) -> float:
        """The same, posted by all clients together."""
        share = count // len(self._posters)
        work = [(poster, list(islice(self._bodies, share))) for poster in self._posters]
        with ThreadPoolExecutor(len(work)) as threads:
            begun = time.perf_counter()
            for posted in [threads.submit(_post_all, *one) for one in work]:
                posted.result()
            return share * len(work) * BATCH / (time.perf_counter() - begun)

    def close(self) -> None:
        for poster in self._posters:
            poster.close()


def _post_all(poster: Poster, bodies: Sequence[bytes]) -> None:
    for one in bodies:
        assert poster.post(one) == BATCH


if __name__ == "__main__":
    sys.exit(command(__doc__, run))
