"""Every cache gives back what was put, and nothing that Redis held is served after Redis was away."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services import clock
from services.clock import HOUR, SECOND
from services.metrics.answer import Answer, Group, Period, Unit
from services.metrics.cache import Cache, Entry, InProcessCache
from services.metrics.redis_cache import KEPT_FOR_STALE_READS, LARGEST_BYTES, FallbackCache, RedisCache
from services.metrics.snapshot import Snapshots
from services.redis_link import RedisLink
from tests.backends.redis import RedisServer
from tests.properties.world import EVERYTHING, World, careful
from tests.services.samples import answer, order, query, scope
from tests.services.waiting import until

NAMES = "pulseboard:test:"
MEBIBYTE = 1024 * 1024
KEY = ('{"metric":"revenue"}', (("main",), None, True))


class Process:
    """A Pulseboard process as far as its cache goes."""

    def __init__(self, url: str, names: str = NAMES) -> None:
        self.link = RedisLink(url, names)
        self.shared = RedisCache(self.link, clock.now)
        self.cache = FallbackCache(self.shared, InProcessCache(16 * MEBIBYTE))

    def __enter__(self) -> Process:
        self.link.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.link.stop()


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with RedisServer(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
def process(redis: RedisServer) -> Iterator[Process]:
    with Process(redis.url) as process:
        yield process


@pytest.fixture(params=["in process", "redis", "redis behind a local one"])
def cache(request: pytest.FixtureRequest) -> Cache:
    if request.param == "in process":
        return InProcessCache(16 * MEBIBYTE)
    process: Process = request.getfixturevalue("process")
    return process.shared if request.param == "redis" else process.cache


def entry(value: object = 1, version: int = 1, lasts: int = HOUR) -> Entry:
    found = Answer("orders", "Orders", Unit("count"), (), (), (), value, None, False,  # type: ignore[arg-type]
                   Period(0, 1, 1, "UTC"), 0, True)  # fmt: skip
    return Entry(found, (("main", 1, None, version),), clock.now() + lasts)


# The same for all caches.

_instants = st.integers(0, 2**53)
_texts = st.text(max_size=12)
_labels = st.none() | _texts
_values = st.none() | st.integers(-(2**63), 2**63 - 1) | st.decimals(allow_nan=False, allow_infinity=False)
_groups = st.builds(
    Group, st.lists(_labels, max_size=2).map(tuple), _values, _values, st.booleans(), _labels
)
_units = st.builds(Unit, st.sampled_from(["money", "count", "ratio", "per_order"]), _labels, st.integers(0, 4))
_answers = st.builds(
    Answer,
    metric=_texts, title=_texts, unit=_units, group_by=st.lists(_texts, max_size=2).map(tuple),
    groups=st.lists(_groups, max_size=6).map(tuple), axes=st.lists(st.lists(_labels).map(tuple), max_size=2).map(tuple),
    total=_values, previous_total=_values, compared=st.booleans(),
    period=st.builds(Period, _instants, _instants, _instants, _texts), as_of=_instants, has_facts=st.booleans(),
    lower_is_better=st.booleans(), total_groups=st.integers(0, 10**6), other=st.none() | _groups,
    names=st.dictionaries(_texts, _texts, max_size=3),
)  # fmt: skip
_versions = st.lists(
    st.tuples(_texts, st.integers(1, 9), st.none() | _texts, st.integers(0, 2**62)), max_size=3
).map(tuple)  # fmt: skip
_entries = st.builds(Entry, _answers, _versions, _instants)

# The one cache takes entry after entry, as in life.
one_cache = settings(careful, suppress_health_check=list(HealthCheck))


@one_cache
@given(put=_entries)
def test_what_was_put_comes_back_to_the_last_digit(cache: Cache, put: Entry) -> None:
    cache.put(KEY, put)
    found = cache.get(KEY)
    assert found == put
    assert repr(found) == repr(put)  # 1.0 and 1.00 are equal, and shown differently


def test_what_nobody_put_is_not_there_and_the_later_takes_the_place_of_the_earlier(cache: Cache) -> None:
    assert cache.get("never put") is None
    for version in (1, 2):
        cache.put("replaced", entry(version=version))
    assert _version(cache.get("replaced")) == 2


def test_the_reader_says_what_is_good_enough(cache: Cache) -> None:
    cache.put("judged", entry(version=3))
    assert cache.get("judged", lambda found: found.versions[0][3] >= 4) is None  # type: ignore[index]
    assert _version(cache.get("judged", lambda found: found.versions[0][3] >= 3)) == 3  # type: ignore[index]


def test_keys_that_look_alike_are_kept_apart(cache: Cache) -> None:
    keys = [("a", (None, None, True)), ("a", (None, None, False)), ("a", (("main",), None, True)),
            ("a", (None, "main", True)), ("a", ((), None, True))]  # fmt: skip
    for version, key in enumerate(keys):
        cache.put(key, entry(version=version))
    assert [_version(cache.get(key)) for key in keys] == list(range(5))


def _version(found: Entry | None) -> Any:
    assert found is not None
    return found.versions[0][3]  # type: ignore[index]


# In Redis.


def test_processes_share_what_one_has_computed_and_two_stores_share_nothing(redis: RedisServer) -> None:
    with Process(redis.url) as one, Process(redis.url) as other, Process(redis.url, "pulseboard:else:") as stranger:
        until(lambda: one.link.generation == other.link.generation)
        one.cache.put(KEY, entry(version=7))
        assert _version(other.cache.get(KEY)) == 7
        assert stranger.cache.get(KEY) is None


def test_what_another_process_computed_later_is_found_behind_what_is_local(redis: RedisServer) -> None:
    with Process(redis.url) as one, Process(redis.url) as other:
        until(lambda: one.link.generation == other.link.generation)
        one.cache.put(KEY, entry(version=1))
        assert _version(other.cache.get(KEY)) == 1
        one.cache.put(KEY, entry(version=2))
        assert _version(other.cache.get(KEY)) == 1
        assert _version(other.cache.get(KEY, lambda found: found.versions[0][3] == 2)) == 2  # type: ignore[index]
        assert _version(other.cache.get(KEY)) == 2


def test_an_entry_that_is_damaged_or_foreign_is_not_there(redis: RedisServer) -> None:
    looking = redis.client()
    with Process(redis.url, "pulseboard:damage:") as process:
        process.shared.put(KEY, entry())
        (name,) = looking.keys("pulseboard:damage:answer*")
        whole = looking.get(name)
        for damage in (b"", b"nonsense", whole[:-3], whole + b"x", whole.replace(b"orders", b"ord\xffrs"), b"\x93\x01"):
            looking.set(name, damage)
            assert process.shared.get(KEY) is None
        looking.delete(name)
        looking.rpush(name, "a list")
        assert process.shared.get(KEY) is None
        process.shared.put(KEY, entry(version=2))
        assert _version(process.shared.get(KEY)) == 2
    looking.close()


def test_an_entry_leaves_redis_some_time_after_it_has_ceased_to_be_good(redis: RedisServer) -> None:
    looking = redis.client()
    with Process(redis.url, "pulseboard:expiry:") as process:
        for lasts in (-HOUR, 60 * SECOND):
            process.shared.put(KEY, entry(lasts=lasts))
            (name,) = looking.keys("pulseboard:expiry:answer*")
            good = max(0, lasts) // 1_000
            assert good < looking.pttl(name) <= good + KEPT_FOR_STALE_READS // 1_000
    looking.close()


def test_what_is_very_large_stays_out_of_redis(process: Process) -> None:
    process.shared.put("large", entry(value=Decimal("1" * LARGEST_BYTES)))
    assert process.shared.get("large") is None


# Redis goes and comes.


def kill(server: RedisServer, link: RedisLink) -> None:
    server.kill()
    until(lambda: not link.up)
    server.start()


def stall(server: RedisServer, link: RedisLink) -> None:
    server.pause()
    until(lambda: not link.up)
    server.resume()


def restart_quickly(server: RedisServer, link: RedisLink) -> None:
    server.kill()
    server.start()
    until(lambda: link.outages == 1)


@pytest.fixture(params=[False, True], ids=["forgetful", "persistent"])
def own_redis(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RedisServer]:
    with RedisServer(tmp_path / "redis", persistent=request.param) as server:
        yield server


@pytest.mark.parametrize("outage", [kill, stall, restart_quickly])
def test_nothing_cached_before_an_outage_or_during_it_is_served_after_it(
    own_redis: RedisServer, outage: Callable[[RedisServer, RedisLink], None]
) -> None:
    with Process(own_redis.url) as process:
        process.cache.put("before", entry())
        assert process.cache.get("before")
        process.link.follow(lost=lambda: process.cache.put("during", entry()), back=lambda: None)
        outage(own_redis, process.link)
        until(lambda: process.link.up)
        for name in ("before", "during"):
            assert process.cache.get(name) is None
            assert process.shared.get(name) is None
        process.cache.put("after", entry())
        assert process.shared.get("after")


def test_while_redis_is_away_the_process_keeps_for_itself(own_redis: RedisServer) -> None:
    with Process(own_redis.url) as process:
        process.cache.put("before", entry())
        own_redis.kill()
        until(lambda: not process.link.up)
        assert process.cache.get("before") is None
        process.cache.put("during", entry(version=5))
        assert _version(process.cache.get("during")) == 5


def test_what_a_process_had_cached_before_it_died_is_not_served_by_the_next(own_redis: RedisServer) -> None:
    with Process(own_redis.url) as first:
        first.cache.put(KEY, entry())
    with Process(own_redis.url) as second:
        assert second.cache.get(KEY) is None


# Figures.

ASKED = [
    query("revenue"), query("orders"), query("customers", "staff"), query("revenue", "hour", range="today"),
    query("average_order_value", compare="previous_period"), query("revenue", "product", limit=1),
]  # fmt: skip


def shown(world: World, cache: Cache, whose: Any = EVERYTHING) -> list[Any]:
    readings = Snapshots(world.store, cache, lambda: world.now, 60).read(ASKED, whose)
    assert {reading.cache_status for reading in readings} <= {"fresh", "cached"}
    return [reading.answer for reading in readings]


def test_figures_are_the_same_whatever_redis_does(shop: World, own_redis: RedisServer) -> None:
    """Two processes; after each step both must show what a process without any cache computes."""
    steps: list[Callable[[], object]] = [
        lambda: None, own_redis.kill, lambda: None, own_redis.start, lambda: None, own_redis.pause, lambda: None,
        own_redis.resume, own_redis.kill, own_redis.start, lambda: None,
    ]  # fmt: skip
    with ExitStack() as stack:
        processes = [stack.enter_context(Process(own_redis.url)) for _ in range(2)]
        for number, step in enumerate(steps):
            step()
            for amount in range(3):
                when = "2026-05-31T22:00:00Z"
                shop.post([order(f"{number}-{amount}", f"{amount}.10", when, staff_id=str(amount), customer_id="c")])
                for whose in (EVERYTHING, scope(sites=[])):
                    expected = shown(shop, InProcessCache(0), whose)
                    for process in processes * 2:
                        assert shown(shop, process.cache, whose) == expected
        until(lambda: all(process.link.up for process in processes))
        assert shown(shop, processes[0].cache) == shown(shop, processes[1].cache)


def test_a_lie_that_was_cached_before_an_outage_is_never_told_after_it(shop: World, own_redis: RedisServer) -> None:
    """Even one whose versions are right: versions cannot tell what a cache from another time holds."""
    shop.post([order("1", "10.00")])
    true = answer(shop, "revenue")
    with Process(own_redis.url) as process:
        snapshots = Snapshots(shop.store, process.cache, lambda: shop.now, 3_600)

        def told() -> Any:
            (reading,) = snapshots.read([query("revenue")], EVERYTHING)
            return reading.answer and reading.answer.total

        assert told() == true.total
        key = (query("revenue").canonical(), EVERYTHING.figures_key())
        kept = process.shared.get(key)
        assert kept is not None
        process.cache.put(key, Entry(entry(value=Decimal(666)).answer, kept.versions, kept.valid_until))
        assert told() == 666
        restart_quickly(own_redis, process.link)
        for _ in range(50):
            assert told() == true.total
        until(lambda: process.link.up)
        assert told() == true.total
