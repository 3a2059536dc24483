"""(g) What a hook's call costs its caller while the server is down, against the bare commit of the same row.

Ours: `order_completed(…)` of pulseboard_hooks, as a shop's till calls it: the event is composed, encoded and put into
the outbox on disk, while the sending thread tries in vain. The other: one sqlite3 INSERT, committed, of the same row
into a table like the outbox's, with the same PRAGMAs, and nothing else. Once without fsync, as the hooks are set unless
told otherwise, and once with it: there the disk's own time is the other's, and the bounds are for what comes on top.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pulseboard_hooks
from benchmarks.figures import Figure, command, median, stage
from benchmarks.orders import Restaurant
from benchmarks.places import directory
from benchmarks.processes import KEY, free_port
from pulseboard_hooks import process
from pulseboard_hooks.events import Event, compose

CALLS, CALLS_WITH_FSYNC, BLOCK = 10_000, 2_000, 50
MEDIAN_MS, P99_MS = 0.2, 5.0
PRAGMAS = ("locking_mode=EXCLUSIVE", "journal_mode=WAL", "wal_autocheckpoint=0")
TABLE = """
    CREATE TABLE outbox (seq INTEGER PRIMARY KEY, total INTEGER NOT NULL, kind TEXT NOT NULL, id BLOB NOT NULL,
    body BLOB NOT NULL)"""

Milliseconds = list[float]


def run(quick: bool) -> list[Figure]:
    figures = []
    for fsync in (False, True):
        calls = 500 if quick else CALLS_WITH_FSYNC if fsync else CALLS
        with directory() as place, stage(f"{calls} calls, fsync {'on' if fsync else 'off'}"):
            figures += _figures(*_measured(place, calls, fsync), fsync)
    return figures


def _figures(ours: Milliseconds, theirs: Milliseconds, fsync: bool) -> list[Figure]:
    setting = "on: synchronous=FULL" if fsync else "off, the default: synchronous=NORMAL"
    ran = (
        f"{len(ours)} calls of order_completed, one after the other, nobody listening at PULSEBOARD_URL; fsync "
        f"{setting}; against a committed INSERT of the same row by bare sqlite3 with the same PRAGMAs, in turns of "
        f"{BLOCK}; worst call {max(ours):.1f} ms, worst INSERT {max(theirs):.1f} ms."
    )
    figures = []
    for word, of, bound in (("median", median, MEDIAN_MS), ("p99", _p99, P99_MS)):
        mine, other = of(ours), of(theirs)
        limit = bound + other if fsync else bound  # the disk's own time is not the hook's
        said = f"< {bound:g} ms{' and the disk' if fsync else ''}"
        name = f"(g) hook's {word}{', fsync' if fsync else ''}"
        figures.append(
            Figure(name, ran, f"{mine:.3f} ms", f"{other:.3f} ms", f"{mine - other:+.3f} ms", said, mine < limit)
        )
    return figures


def _p99(samples: Milliseconds) -> float:
    return statistics.quantiles(samples, n=100)[98]


def _measured(place: Path, calls: int, fsync: bool) -> tuple[Milliseconds, Milliseconds]:
    """How long each call took, and each INSERT; every call is kept."""
    ours: Milliseconds = []
    theirs: Milliseconds = []
    raw = _Raw(place / "raw.sqlite3", fsync)
    orders = Restaurant(calls + BLOCK).day(0)
    with _hooks(place / "outbox.sqlite3", fsync):
        for turn, at in enumerate(range(0, calls + BLOCK, BLOCK)):
            block = orders[at : at + BLOCK]
            sides = [(ours, _call, block), (theirs, raw.insert, [_composed(order) for order in block])]
            for samples, act, given in sides if turn % 2 == 0 else reversed(sides):
                samples += [_milliseconds(act, one) for one in given]
        counts = pulseboard_hooks.counts()
        assert (counts.queued, counts.dropped, counts.refused) == (calls + BLOCK, 0, 0), counts
    raw.close()
    return ours[BLOCK:], theirs[BLOCK:]  # both began warm


def _milliseconds(act: Callable[[Any], None], given: object) -> float:
    begun = time.perf_counter()
    act(given)
    return (time.perf_counter() - begun) * 1000


def _call(order: dict[str, Any]) -> None:
    pulseboard_hooks.order_completed(**order["data"])


def _composed(order: dict[str, Any]) -> Event:
    return compose("order_completed", order["data"])


@contextmanager
def _hooks(outbox: Path, fsync: bool) -> Iterator[None]:
    """The hooks of this process, set so that nobody answers them; what they log meanwhile is left out."""
    settings = {
        "PULSEBOARD_URL": f"http://127.0.0.1:{free_port()}", "PULSEBOARD_API_KEY": KEY,
        "PULSEBOARD_OUTBOX": str(outbox), "PULSEBOARD_OUTBOX_FSYNC": str(int(fsync)),
    }  # fmt: skip
    before = {key: os.environ.get(key) for key in settings}
    log = logging.getLogger("pulseboard_hooks")
    level = log.level
    log.setLevel(logging.CRITICAL)
    os.environ.update(settings)
    try:
        yield
    finally:
        process.close()
        log.setLevel(level)
        for key, value in before.items():
            os.environ.pop(key) if value is None else os.environ.update({key: value})


class _Raw:
    def __init__(self, file: Path, fsync: bool) -> None:
        self._connection = sqlite3.connect(file, isolation_level=None)
        for pragma in (*PRAGMAS, f"synchronous={'FULL' if fsync else 'NORMAL'}"):
            self._connection.execute(f"PRAGMA {pragma}").fetchall()
        self._connection.execute(TABLE)
        self._number = self._total = 0

    def insert(self, event: Event) -> None:
        self._number, self._total = self._number + 1, self._total + len(event.body)
        row = (self._number, self._total, event.kind, event.id.encode(), event.body)
        self._connection.execute("INSERT INTO outbox (seq, total, kind, id, body) VALUES (?, ?, ?, ?, ?)", row)

    def close(self) -> None:
        self._connection.close()


if __name__ == "__main__":
    sys.exit(command(__doc__, run))
