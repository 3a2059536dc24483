"""The relay between processes over a real Redis: told once, told everywhere, and mended from the store where lost."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from services.errors import StoreUnavailable
from services.metrics import topic_versions
from services.realtime.relay import Relay
from services.redis_link import RedisLink
from tests.backends.redis import RedisServer
from tests.properties.world import World
from tests.services.samples import order
from tests.services.waiting import until

NAMES = "pulseboard:test:"
BUCKETS = (60_000_000, 120_000_000)


class Ear:
    """A hub as far as it is told things."""

    def __init__(self) -> None:
        self.told: list[tuple[frozenset[str], Any, str]] = []
        self.dashboards: list[tuple[str, int, str]] = []
        self.said: list[str] = []

    def publish(self, topics: Any, buckets: Any, cause: Any) -> None:
        self.told.append((frozenset(topics), buckets, cause))

    def announce_dashboard(self, dashboard_id: str, version: int, who: str) -> None:
        self.dashboards.append((dashboard_id, version, who))

    def broadcast(self, message: str) -> int:
        self.said.append(message)
        return 2


class Process:
    """A relay with its hub and link; its sweep runs only when a test asks for it, unless `sweeps`."""

    def __init__(self, url: str | None, versions: Callable[[], Any], hub: bool = True, sweeps: bool = False) -> None:
        self.ear = Ear()
        self.link = RedisLink(url, NAMES) if url else None
        self.relay = Relay(self.ear if hub else None, self.link, versions)
        self._sweeps = sweeps

    def start(self) -> Process:
        if self.link:
            self.link.start()
        if not self._sweeps and self.relay._sweeping:
            self.relay._sweeping._step = lambda: 60.0
        self.relay.start()
        return self

    def stop(self) -> None:
        self.relay.stop()
        if self.link:
            self.link.stop()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    with RedisServer(tmp_path / "redis") as server:
        yield server


@pytest.fixture
def stored() -> dict[str, int]:
    """What the store says."""
    return {"revenue@main": 5, "orders@main": 5}


Make = Callable[..., Process]


@pytest.fixture
def make(server: RedisServer, stored: dict[str, int]) -> Iterator[Make]:
    made: list[Process] = []

    def start(url: str | None = server.url, **how: Any) -> Process:
        made.append(Process(url, lambda: dict(stored), **how).start())
        return made[-1]

    yield start
    for one in made:
        one.stop()


@pytest.fixture
def two(make: Make, server: RedisServer) -> tuple[Process, Process]:
    both = make(), make()
    hearing(server, 2)
    return both


def hearing(server: RedisServer, processes: int) -> None:
    """Waits until so many have subscribed."""
    looking = server.client()
    until(lambda: looking.pubsub_numsub(f"{NAMES}work")[0][1] == processes)
    looking.close()


def said_by(process: Process, teller: Process) -> None:
    """Waits until all that the teller has said before is heard."""
    teller.relay.broadcast("mark")
    until(lambda: process.ear.said[-1:] == ["mark"])
    process.ear.said.clear()


# Through Redis.


def test_what_one_process_announces_all_tell_once(two: tuple[Process, Process]) -> None:
    one, other = two
    one.relay.publish({"revenue@main": 6}, BUCKETS, "events")
    assert one.ear.told == [(frozenset({"revenue@main"}), BUCKETS, "events")]
    until(lambda: other.ear.told)
    said_by(other, one)
    assert other.ear.told == one.ear.told
    assert len(one.ear.told) == 1


def test_topics_without_a_version_and_any_bucket_are_carried_too(two: tuple[Process, Process]) -> None:
    one, other = two
    one.relay.publish(frozenset({"revenue@main", "orders@main"}), None, "cache")
    until(lambda: other.ear.told)
    assert other.ear.told == one.ear.told == [(frozenset({"revenue@main", "orders@main"}), None, "cache")]


def test_dashboards_and_system_messages_reach_the_others(two: tuple[Process, Process]) -> None:
    one, other = two
    one.relay.announce_dashboard("board", 3, "user:mia")
    assert one.relay.broadcast("back at ten") == 2
    until(lambda: other.ear.said)
    assert (other.ear.dashboards, other.ear.said) == ([("board", 3, "user:mia")], ["back at ten"])
    assert (one.ear.dashboards, one.ear.said) == ([("board", 3, "user:mia")], ["back at ten"])


def test_a_process_without_clients_tells_those_that_have_some(make: Make, server: RedisServer) -> None:
    processor, worker = make(hub=False), make()
    hearing(server, 2)
    processor.relay.publish({"revenue@main": 6}, BUCKETS, "events")
    until(lambda: worker.ear.told)
    assert worker.ear.told == [(frozenset({"revenue@main"}), BUCKETS, "events")]
    assert processor.ear.told == []


def test_work_wakes_every_process_and_the_one_that_says_it_without_redis_too(make: Make, server: RedisServer) -> None:
    worker, processor = make(), make(hub=False)
    hearing(server, 2)
    for _ in range(100):
        worker.relay.wake()
    assert worker.relay.work.is_set()
    assert processor.relay.work.wait(20)
    alone = make(url=None)
    alone.relay.wake()
    assert alone.relay.work.is_set()


def test_two_stores_on_one_redis_hear_nothing_of_each_other(make: Make, server: RedisServer) -> None:
    one, other = make(), make()
    stranger = RedisLink(server.url, "pulseboard:else:")
    ear = Ear()
    relay = Relay(ear, stranger, dict)
    stranger.start()
    relay.start()
    hearing(server, 2)
    one.relay.publish({"revenue@main": 6}, BUCKETS, "events")
    said_by(other, one)
    assert ear.told == []
    relay.stop()
    stranger.stop()


def test_what_is_no_hint_is_passed_over(two: tuple[Process, Process], server: RedisServer) -> None:
    one, other = two
    looking = server.client()
    for nonsense in (b"", b"{}", b"nonsense", b'{"type":"changed","sender":"x","topics":5}', b"\xff\xff",
                     b'{"type":"changed","sender":"x","topics":{},"buckets":null,"cause":"whim"}'):  # fmt: skip
        looking.publish(f"{NAMES}hints", nonsense)
    looking.close()
    said_by(other, one)
    assert other.ear.told == []
    assert other.relay.running


# Late, lost and out of order.


def test_hints_that_come_in_order_keep_their_buckets(make: Make) -> None:
    process = make()
    process.relay.publish({"revenue@main": 6}, BUCKETS, "events")
    process.relay.publish({"revenue@main": 7}, BUCKETS, "events")
    assert [buckets for _, buckets, _ in process.ear.told] == [BUCKETS, BUCKETS]


def test_a_hint_after_a_lost_one_stands_for_all_buckets_and_the_late_one_is_told_already(make: Make) -> None:
    process = make()
    process.relay.publish({"revenue@main": 7, "orders@main": 6}, BUCKETS, "events")
    process.relay.publish({"revenue@main": 6}, BUCKETS, "events")
    assert process.ear.told == [
        (frozenset({"orders@main"}), BUCKETS, "events"), (frozenset({"revenue@main"}), None, "events"),
    ]  # fmt: skip


def test_a_sweep_tells_what_no_hint_told_and_nothing_else(make: Make, stored: dict[str, int]) -> None:
    process = make()
    process.relay.sweep()
    assert process.ear.told == []
    process.relay.publish({"revenue@main": 6}, BUCKETS, "events")
    stored.update({"revenue@main": 6, "orders@main": 6, "tips@bar": 1})
    process.ear.told.clear()
    process.relay.sweep()
    process.relay.sweep()
    assert process.ear.told == [(frozenset({"orders@main", "tips@bar"}), None, "events")]
    assert process.relay.stats()["mended"] == 2


def test_a_hint_that_the_sweep_has_overtaken_is_not_told_again(make: Make, stored: dict[str, int]) -> None:
    process = make()
    stored["revenue@main"] = 6
    process.relay.sweep()
    process.relay.publish({"revenue@main": 6}, BUCKETS, "events")
    assert process.ear.told == [(frozenset({"revenue@main"}), None, "events")]
    process.relay.publish({"revenue@main": 7}, BUCKETS, "events")
    assert process.ear.told[-1] == (frozenset({"revenue@main"}), BUCKETS, "events")


def test_hints_heard_while_a_sweep_reads_are_told_once(make: Make, stored: dict[str, int]) -> None:
    """Whatever the order, each version is told exactly once: by its hint or by a sweep."""
    process = make()
    over = threading.Event()

    def sweep() -> None:
        while not over.is_set():
            process.relay.sweep()

    sweeping = threading.Thread(target=sweep)
    sweeping.start()
    for version in range(6, 300):
        stored["revenue@main"] = version
        process.relay.publish({"revenue@main": version}, BUCKETS, "events")
    over.set()
    sweeping.join()
    process.relay.sweep()
    assert len(process.ear.told) == 294


def test_without_redis_the_sweep_alone_does_it(make: Make, stored: dict[str, int]) -> None:
    alone = make(url=None, sweeps=True)
    stored["orders@main"] = 6
    until(lambda: alone.ear.told)
    assert alone.ear.told == [(frozenset({"orders@main"}), None, "events")]


def test_a_store_that_cannot_be_read_is_looked_at_again(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    faults = [StoreUnavailable("gone")] * 2
    ear = Ear()

    def versions() -> dict[str, int]:
        if faults:
            raise faults.pop()
        return {"revenue@main": 5}

    monkeypatch.setattr("services.realtime.threads.RETRY_SECONDS", 0.01)
    relay = Relay(ear, None, versions)
    relay.start()
    until(lambda: ear.told)  # what changed since the start nobody can tell: so everything may have
    assert ear.told == [(frozenset({"revenue@main"}), None, "events")]
    assert relay.running
    relay.stop()


@pytest.mark.parametrize("outage", ["kill", "pause"])
def test_redis_may_go_and_come_and_everybody_hears(
    make: Make, server: RedisServer, stored: dict[str, int], outage: str
) -> None:
    one, other = make(sweeps=True), make(sweeps=True)
    hearing(server, 2)
    getattr(server, outage)()
    stored["revenue@main"] = 6
    one.relay.publish({"revenue@main": 6}, BUCKETS, "events")
    assert one.ear.told == [(frozenset({"revenue@main"}), BUCKETS, "events")]
    until(lambda: other.ear.told)
    assert other.ear.told[0][0] == {"revenue@main"}
    server.start() if outage == "kill" else server.resume()
    until(lambda: one.link.up and other.link.up)
    hearing(server, 2)
    one.relay.broadcast("there again")
    until(lambda: other.ear.said)
    assert one.relay.running
    assert other.relay.running


def test_nobody_waits_while_redis_does_not_take_hints(make: Make, server: RedisServer) -> None:
    process = make()
    server.pause()
    for version in range(6, 20_000):
        process.relay.publish({"revenue@main": version}, BUCKETS, "events")
    assert len(process.ear.told) == 20_000 - 6
    server.resume()
    until(lambda: process.relay.stats()["dropped"] + process.relay.stats()["sent"] == 20_000 - 6)
    assert process.relay.stats()["dropped"] > 0


def test_the_store_s_versions_are_those_of_its_commits(shop: World) -> None:
    before = topic_versions.stored(shop.store)
    shop.post([order("1")])
    after = topic_versions.stored(shop.store)
    assert after["revenue@main"] == before.get("revenue@main", 0) + 1
    ear = Ear()
    relay = Relay(ear, None, lambda: topic_versions.stored(shop.store))
    relay._heard.begin(after)
    shop.post([order("2")])
    relay.sweep()
    assert {"revenue@main", "orders@main"} <= ear.told[0][0]
