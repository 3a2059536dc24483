"""Figures from a streaming replica: only while it is known to be less than a second behind."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from decimal import Decimal

import pytest

from services.container import build
from services.errors import StoreUnavailable
from services.metrics import topic_versions
from services.metrics.cache import InProcessCache
from services.metrics.snapshot import Reading, Snapshots
from services.storage.engine import Store
from services.storage.replica import LIMIT_SECONDS, Replica
from tests.backends.postgres import PostgresServer, running
from tests.backends.templates import known_settings, make_blank
from tests.properties.world import EVERYTHING, World, world
from tests.services.samples import MAIN, order, query

WAIT_SECONDS = 30
REVENUE = query("revenue")
WRITTEN = "events, event_keys, orders, order_keys, rollup_day, rollup_hour, rollup_minute, topic_versions"


class Hands:
    """A clock that moves when it is told to."""

    at = 0.0

    def __call__(self) -> float:
        return self.at


class Pair:
    """A primary with a world on it, its replica, and figures that may be read from there."""

    def __init__(self, primary: PostgresServer, follower: PostgresServer, shop: World) -> None:
        self.primary = primary
        self.follower = follower
        self.shop = shop
        self.clock = Hands()
        self.told: dict[str, int] = {}
        self.orders = 0
        self._made: list[Replica] = []
        self.follow(follower)

    def follow(self, follower: PostgresServer) -> None:
        """From now on figures may be read there; nothing is cached, so that each is read anew."""
        self.replica = Replica(self.shop.store, follower.url("shop"), self.clock)
        self._made.append(self.replica)
        self.snapshots = Snapshots(
            self.shop.store, InProcessCache(1), lambda: self.shop.now, 60, self.replica, lambda: self.told
        )

    def close(self) -> None:
        for replica in self._made:
            replica.close()

    def sell(self) -> None:
        """One more order, of 1.00."""
        self.orders += 1
        self.shop.post([order(f"{self.orders}", "1.00")])

    def read(self) -> Reading:
        (reading,) = self.snapshots.read([REVENUE], EVERYTHING)
        return reading

    def revenue(self) -> Decimal:
        reading = self.read()
        assert reading.answer is not None, reading.error
        assert reading.cache_status == "fresh"
        return Decimal(reading.answer.total or 0)

    def served_by_replica(self) -> bool:
        """Whether the next read is, with the right figure whoever serves it."""
        before = self.snapshots.counts.replica
        assert self.revenue() == self.orders
        return self.snapshots.counts.replica > before

    def catch_up(self) -> None:
        """Until the replica holds what the primary does now, and that is known."""
        self.clock.at += 2 * LIMIT_SECONDS
        _until(lambda: self.replica.step() < 1 and self.served_by_replica())


def _until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[PostgresServer, PostgresServer]]:
    with running(durable=False, synchronous_commit="on") as primary:
        make_blank(primary.create("shop"))
        with _following(primary) as follower:
            yield primary, follower


@contextmanager
def _following(primary: PostgresServer) -> Iterator[PostgresServer]:
    follower = primary.replica(wal_retrieve_retry_interval="100ms")
    try:
        yield follower.start()
    finally:
        follower.remove()


@pytest.fixture
def pair(servers: tuple[PostgresServer, PostgresServer]) -> Iterator[Pair]:
    primary, follower = servers
    primary.execute(f"TRUNCATE {WRITTEN}", "shop")
    with world({"main": MAIN}, lambda: nullcontext(primary.url("shop"))) as shop:
        made = Pair(primary, follower, shop)
        try:
            made.sell()
            made.catch_up()
            yield made
        finally:
            made.close()


def test_figures_come_from_the_replica_while_it_keeps_up(pair: Pair) -> None:
    assert pair.served_by_replica()
    pair.sell()
    pair.catch_up()
    assert pair.served_by_replica()


def test_before_it_is_known_how_far_the_replica_is_the_primary_is_read(pair: Pair) -> None:
    pair.follow(pair.follower)
    assert not pair.served_by_replica()


def test_a_second_after_the_last_proof_the_primary_is_read(pair: Pair) -> None:
    pair.clock.at += LIMIT_SECONDS + 0.01
    assert not pair.served_by_replica()
    pair.replica.step()
    assert pair.served_by_replica()


@pytest.fixture
def held(pair: Pair) -> Iterator[Pair]:
    """The pair, with a replica that receives everything and applies nothing."""
    pair.follower.execute("SELECT pg_wal_replay_pause()")
    yield pair
    pair.follower.execute("SELECT pg_wal_replay_resume()")


def test_a_replica_that_falls_behind_gives_nobody_a_figure_older_than_a_second(held: Pair) -> None:
    held.sell()
    for _ in range(4):
        held.replica.step()
        held.clock.at += LIMIT_SECONDS / 4
    held.clock.at += 0.01
    for _ in range(4):
        held.replica.step()
        assert not held.served_by_replica()
        held.clock.at += LIMIT_SECONDS / 4
    held.follower.execute("SELECT pg_wal_replay_resume()")
    held.catch_up()


def test_whoever_was_told_of_a_change_is_not_given_what_was_before_it(held: Pair) -> None:
    """However short ago it was: who is told of a change reads once, and would keep the old figure."""
    held.sell()
    held.told = topic_versions.stored(held.shop.store)
    assert held.told["revenue@main"] > 0
    assert not held.served_by_replica()


def test_a_replica_that_is_killed_is_missed_by_nobody_and_read_again_when_it_is_back(pair: Pair) -> None:
    stop, seen = threading.Event(), []

    def watch() -> None:
        while not stop.is_set():
            seen.append(pair.revenue())

    watchers = [threading.Thread(target=watch) for _ in range(3)]
    for watcher in watchers:
        watcher.start()
    _until(lambda: len(seen) > 20)
    pair.follower.kill()
    count = len(seen)
    _until(lambda: len(seen) > count + 20)
    stop.set()
    for watcher in watchers:
        watcher.join()
    assert set(seen) == {pair.orders}
    assert pair.replica.step() > 1
    assert not pair.served_by_replica()
    pair.follower.start()
    pair.catch_up()


def test_a_replica_that_answers_nobody_is_waited_for_by_nobody(pair: Pair) -> None:
    pair.follower.pause()
    asking = threading.Thread(target=pair.replica.step)
    try:
        asking.start()
        pair.clock.at += LIMIT_SECONDS + 0.01
        assert not pair.served_by_replica()
    finally:
        pair.follower.resume()
    asking.join(WAIT_SECONDS)
    pair.catch_up()


def test_while_the_primary_is_away_the_replica_is_not_asked_for_longer_than_a_second(pair: Pair) -> None:
    pair.primary.kill()
    try:
        pair.clock.at += LIMIT_SECONDS + 0.01
        assert pair.replica.step() > 1
        assert isinstance(pair.read().error, StoreUnavailable)
    finally:
        pair.primary.start()
    pair.shop.store.close()
    _until(lambda: pair.read().error is None)
    pair.catch_up()


def test_the_replica_of_another_server_is_not_read(pair: Pair, postgres: PostgresServer) -> None:
    stranger = Store(postgres.url())
    replica = Replica(stranger, pair.follower.url("shop"))
    replica.step()
    with pytest.raises(StoreUnavailable), replica.reading():
        pass
    replica.close()
    stranger.close()


def test_a_server_that_follows_nobody_any_more_is_not_read(pair: Pair) -> None:
    with _following(pair.primary) as promoted:
        pair.follow(promoted)
        pair.catch_up()
        promoted.execute("SELECT pg_promote()")
        pair.replica.step()
        assert not pair.served_by_replica()


def test_an_ordinary_role_may_ask_how_far_both_are(pair: Pair) -> None:
    pair.primary.execute("DO $$ BEGIN CREATE ROLE reader LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$")
    stores = [Store(server.url("shop").replace("pulseboard@", "reader@")) for server in (pair.primary, pair.follower)]
    replica = Replica(stores[0], stores[1].url)

    def is_read() -> bool:
        replica.step()
        try:
            with replica.reading() as connection:
                return connection.exec_driver_sql("SELECT current_user").scalar() == "reader"
        except StoreUnavailable:
            return False

    _until(is_read)
    replica.close()
    for store in stores:
        store.close()


def test_the_services_read_there_as_soon_as_they_run(pair: Pair) -> None:
    url, follower = pair.primary.url("shop"), pair.follower.url("shop")
    services = build(known_settings(url, database_replica_url=follower, cache_max_mb=0))
    services.start()
    try:
        counts = services.snapshots.counts
        _until(lambda: bool(services.snapshots.read([REVENUE], EVERYTHING)[0].answer) and counts.replica > 0)
    finally:
        services.stop()
