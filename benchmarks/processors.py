"""(j) Two processors on PostgreSQL against one: throughput, CPU for each event, and whether each is counted once.

Orders are accepted while nobody processes, and taken out of the queue. Two processors run, each a process of its own
(`python -m services.events`); some orders are put back in one transaction, and the clock runs from the first that are
applied until the queue is empty. For one, the other is halted meanwhile. CPU is the user and system time of the
processors and of PostgreSQL together. Once with the orders of four sites, once with those of one, where the processors
have to take turns. At the end the rollups must have every order once.
"""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from itertools import count, cycle, islice
from pathlib import Path
from subprocess import Popen
from typing import Any

import psycopg

from benchmarks.figures import Figure, command, in_turns, median, stage
from benchmarks.orders import Restaurant
from benchmarks.places import EVERYTHING, directory, settings_for
from benchmarks.processes import cpu_seconds, environment, running
from services.container import build, prepare
from services.storage.tables import event_queue
from tests.backends import postgres

SITES = ("main", "north", "south", "west")
BATCH, ORDERS_A_DAY = 500, 1_000
SLOWEST, DEAREST = 0.95, 1.15
"""Two are not slower, nor dearer, than one; but this machine varies by as much."""
DONE_WITHIN, STARTED_WITHIN = 120.0, 60.0
PROCESSOR = ("-m", "services.events")
READY = "Pulseboard processes events"

COLUMNS = ", ".join(column.name for column in event_queue.columns)
HOLD = f"INSERT INTO held SELECT {COLUMNS}, %s FROM event_queue"
PUT_BACK = f"INSERT INTO event_queue SELECT {COLUMNS} FROM held WHERE share = %s"
WAITING = "SELECT coalesce(sum(events), 0) FROM event_queue"
COUNTED = "SELECT coalesce(sum(orders), 0), coalesce(sum(revenue), 0) FROM rollup_day WHERE dimension = ''"
KEPT = "SELECT count(*), coalesce(sum(total), 0) FROM orders"


def run(quick: bool) -> list[Figure]:
    rounds, events = (2, 4_000) if quick else (5, 10_000)
    return [figure for sites in (SITES, SITES[:1]) for figure in _run(sites, rounds, events)]


def _run(sites: Sequence[str], rounds: int, events: int) -> list[Figure]:
    shares = 2 * (rounds + 1)
    with directory() as place, postgres.running() as server, ExitStack() as stack:
        database = server.create("ours")
        with stage(f"{shares} times {events} orders of {_said(sites)}, accepted"):
            _accept(database, sites, shares, events)
        bench = _Bench(database, server.pid, [stack.enter_context(_processor(place, database, n)) for n in (1, 2)])
        with stage(f"{rounds} pairs of {events} orders"):
            in_turns(1, partial(bench.take, 2), partial(bench.take, 1))  # both begin warm
            bench.cpu = {1: [], 2: []}
            two, one = in_turns(rounds, partial(bench.take, 2), partial(bench.take, 1))
        bench.close(shares * events)
    return _figures(two, one, bench.cpu, f"{rounds} pairs of {events} orders of {_said(sites)}")


def _figures(two: list[float], one: list[float], cpu: dict[int, list[float]], what: str) -> list[Figure]:
    ran = f"{what} that wait in the queue, until it is empty, by two processes against one; each is counted once."
    sites = "one site" if what.endswith("one site") else "more sites"
    speed = median(two) / median(one)
    dear, cheap = (median(cpu[number]) * 1e6 for number in (2, 1))
    return [
        Figure(f"(j) two processors, {sites}", ran, f"{median(two):,.0f}/s", f"{median(one):,.0f}/s",
               f"{speed:.2f} times", f"≥ {SLOWEST:g}", speed >= SLOWEST),
        Figure(f"(j) CPU an event, {sites}", f"User and system time of processors and PostgreSQL: {ran}",
               f"{dear:.0f} µs", f"{cheap:.0f} µs", f"{dear / cheap:.2f} times", f"≤ {DEAREST:g}",
               dear / cheap <= DEAREST),
    ]  # fmt: skip


def _said(sites: Sequence[str]) -> str:
    return f"{len(sites)} sites" if len(sites) > 1 else "one site"


def _accept(database: str, sites: Sequence[str], shares: int, events: int) -> None:
    """Accepts so many orders for each share, and keeps what the queue then holds in a table of its own."""
    prepare(settings_for(database))
    services = build(settings_for(database))
    for site in sites:
        services.sites.save(site, name=site, tz="Europe/Berlin", currency="USD", day_starts_at="00:00")
    services.writer.start()
    batches = _batches(sites)
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("CREATE TABLE held AS SELECT *, 0 AS share FROM event_queue")
        for share in range(shares):
            for batch in islice(batches, events // BATCH):
                services.intake.accept(batch, scope=EVERYTHING, source="benchmark")
            connection.execute(HOLD.encode(), (share,))
            connection.execute("TRUNCATE event_queue")
    services.writer.stop()
    services.store.close()


def _batches(sites: Sequence[str]) -> Iterator[list[dict[str, Any]]]:
    """Orders of all sites in turn, for ever."""
    restaurant, turn = Restaurant(ORDERS_A_DAY), cycle(sites)
    for day in count():
        orders = restaurant.day(day)
        for start in range(0, ORDERS_A_DAY, BATCH):
            site = next(turn)
            yield [{**order, "site": site} for order in orders[start : start + BATCH]]


@contextmanager
def _processor(place: Path, database: str, number: int) -> Iterator[Popen[bytes]]:
    """One that is ready to process."""
    log = place / f"processor-{number}.log"
    with running(PROCESSOR, environment(database), log) as process:
        deadline = time.monotonic() + STARTED_WITHIN
        while READY not in log.read_text():
            assert time.monotonic() < deadline and process.poll() is None, log.read_text()
            time.sleep(0.05)
        yield process


class _Bench:
    """`cpu` has, by the number of processors, the seconds of CPU for an event that each measurement took."""

    def __init__(self, database: str, server: int, processors: Sequence[Popen[bytes]]) -> None:
        self._connection = psycopg.connect(database, autocommit=True)
        self._trees = [server, *(process.pid for process in processors)]
        self._second = processors[1]
        self._shares = count()
        self.cpu: dict[int, list[float]] = {1: [], 2: []}

    def take(self, processors: int) -> float:
        """Events a second that so many processors apply."""
        if processors == 1:
            self._second.send_signal(signal.SIGSTOP)
        try:
            return self._take(processors)
        finally:
            self._second.send_signal(signal.SIGCONT)

    def _take(self, processors: int) -> float:
        spent = self._spent()
        self._connection.execute(PUT_BACK.encode(), (next(self._shares),))
        (all_of_them,) = self._ask(WAITING)
        left = self._wait_below(all_of_them)
        begun = time.perf_counter()
        self._wait_below(1)
        seconds = time.perf_counter() - begun
        self.cpu[processors].append((self._spent() - spent) / all_of_them)
        return left / seconds

    def _wait_below(self, number: int) -> int:
        deadline = time.monotonic() + DONE_WITHIN
        while (waiting := self._ask(WAITING)[0]) >= number:
            assert time.monotonic() < deadline, f"{waiting} events still wait"
            time.sleep(0.01)
        return waiting

    def _spent(self) -> float:
        return sum(map(cpu_seconds, self._trees))

    def _ask(self, sql: str) -> tuple[int, ...]:
        row = self._connection.execute(sql.encode()).fetchone()
        assert row is not None
        return tuple(map(int, row))

    def close(self, events: int) -> None:
        counted, kept = self._ask(COUNTED), self._ask(KEPT)
        assert counted == kept and kept[0] == events, f"the rollups have {counted}, the facts {kept} of {events} orders"
        self._connection.close()


if __name__ == "__main__":
    sys.exit(command(__doc__, run))
