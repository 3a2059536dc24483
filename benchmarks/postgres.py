"""(h) Events per second into PostgreSQL through HTTP, against COPY of the same rows, and SQLAlchemy's own inserts.

Ours: one app process, posts of 500 orders by a few clients; each event is checked, told from those known and durable
when its answer comes, and the clock stops when the queue is empty and all are in the rollups. The others: (1) one
psycopg connection that is given all rows that Pulseboard writes for these events, ready made, a COPY for each table of
facts and an upsert for each rollup; (2) SQLAlchemy's insertmanyvalues of the rows of the log of events alone. A
transaction for each 500. PostgreSQL runs with fsync and synchronous_commit, one server for all three, each in a
database of its own.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from functools import partial

import psycopg

from benchmarks.figures import Figure, command, in_turns, median, stage
from benchmarks.ingest import BATCH, CLIENTS, Http, batches_of
from benchmarks.places import Poster, body, directory
from benchmarks.postgres_rows import Copied, InsertedEvents, taken_down
from benchmarks.processes import serving
from tests.backends.postgres import running

BOUND_OF_COPY, BOUND_OF_INSERTS = 0.25, 0.6
DONE_WITHIN = 120.0
STILL_WAITING = "SELECT count(*) FROM event_queue"
IN_THE_ROLLUPS = "SELECT coalesce(sum(orders), 0) FROM rollup_day WHERE dimension = ''"


def run(quick: bool) -> list[Figure]:
    rounds, batches_a_round = (2, 2 * CLIENTS) if quick else (7, 10 * CLIENTS)
    with directory() as place, running() as postgres:
        with stage(f"{(rounds + 1) * batches_a_round * BATCH} events, and the rows they make"):
            batches = batches_of((rounds + 1) * batches_a_round)
            written = taken_down(postgres.create("reference"), batches)
        copied = Copied(postgres.create("copied"), batches, written)
        inserted = InsertedEvents(postgres.create("inserted"), batches, written)
        database = postgres.create("ours")
        with (
            stage(f"{rounds} rounds of {batches_a_round * BATCH} events"),
            serving(place / "server", database=database) as server,
        ):
            posters = [Poster(server) for _ in range(CLIENTS)]
            ours = _Ours(Http(posters, iter([body(batch) for batch in batches])), database)
            sides = [partial(side.take, batches_a_round) for side in (ours, copied, inserted)]
            in_turns(1, *sides)  # all begin warm
            found = in_turns(rounds, *sides)
            ours.close((rounds + 1) * batches_a_round * BATCH)
        copied.close()
        inserted.close()
    return list(_figures(found, rounds, batches_a_round * BATCH))


def _figures(found: Sequence[list[float]], rounds: int, events: int) -> Iterator[Figure]:
    ours, *others = map(median, found)
    ran = (
        f"{rounds} rounds of {events} orders (1 to 3 lines each) in posts of {BATCH} by {CLIENTS} clients, until the "
        "queue is empty and all are in the rollups, against"
    )
    copies = "COPY of the same rows into the same tables and upserts of the same rollup rows by one connection."
    inserts = "SQLAlchemy's insertmanyvalues of the rows of events alone, with RETURNING."
    against = (("COPY", BOUND_OF_COPY, copies), ("inserts", BOUND_OF_INSERTS, inserts))
    for (name, bound, what), theirs in zip(against, others, strict=True):
        ratio = ours / theirs
        yield Figure(f"(h) PostgreSQL, {name}", f"{ran} {what}", f"{ours:,.0f}/s", f"{theirs:,.0f}/s",
                     f"{ratio:.2f} times", f"≥ {bound:g}", ratio >= bound)  # fmt: skip


class _Ours:
    def __init__(self, http: Http, database: str) -> None:
        self._http = http
        self._watcher = psycopg.connect(database, autocommit=True)

    def take(self, count: int) -> float:
        """Events per second over the next `count` posts, until all are in the rollups."""
        begun = time.perf_counter()
        self._http.take(count)
        while self._ask(STILL_WAITING):
            assert time.perf_counter() - begun < DONE_WITHIN, "the queue does not become empty"
            time.sleep(0.005)
        return count * BATCH / (time.perf_counter() - begun)

    def close(self, events: int) -> None:
        assert self._ask(IN_THE_ROLLUPS) == events, "not every event is in the rollups"
        self._watcher.close()
        self._http.close()

    def _ask(self, sql: str) -> int:
        row = self._watcher.execute(sql.encode()).fetchone()
        assert row is not None
        return int(row[0])


if __name__ == "__main__":
    sys.exit(command(__doc__, run))
