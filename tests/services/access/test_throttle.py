"""One behaviour for both: counted in the process, and counted in Redis for all processes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from services.access.throttle import SMALLEST_BURST, InProcessThrottle, RedisThrottle, Throttle, throttle_for
from services.errors import Throttled
from services.redis_link import RedisLink
from tests.backends.redis import RedisServer

SLOW = 1
"""Events a second: so few that no bucket fills noticeably while a test runs."""


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with RedisServer(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
def link(redis: RedisServer, request: pytest.FixtureRequest) -> Iterator[RedisLink]:
    link = RedisLink(redis.url, f"{request.node.name}:")
    link.start()
    yield link
    link.stop()


@pytest.fixture(params=["in process", "redis"])
def make(request: pytest.FixtureRequest) -> Callable[[int], Throttle]:
    if request.param == "in process":
        return InProcessThrottle
    link = request.getfixturevalue("link")
    return lambda rate: RedisThrottle(rate, link)


def test_without_a_rate_nothing_is_held_back(make: Callable[[int], Throttle]) -> None:
    throttle = make(0)
    for _ in range(10):
        allowance = throttle.take("key", 1_000_000)
        allowance.check()
        assert not allowance.limited


def test_a_burst_fits_and_what_is_over_takes_nothing(make: Callable[[int], Throttle]) -> None:
    throttle = make(SLOW)
    throttle.take("key", SMALLEST_BURST - 10).check()
    refused = throttle.take("key", 500)
    with pytest.raises(Throttled) as caught:
        refused.check()
    assert 480 < caught.value.retry_after <= 490
    assert refused.remaining >= 10
    throttle.take("key", 10).check()
    assert not throttle.take("key", 10).granted


def test_the_answer_tells_what_is_left_and_when_it_is_whole_again(make: Callable[[int], Throttle]) -> None:
    allowance = make(100).take("key", 1_000)
    assert (allowance.burst, allowance.remaining, allowance.full_after, allowance.window) == (5_000, 4_000, 10, 50)
    large = make(20_000).take("another key", 20_000)
    assert (large.granted, large.burst, large.full_after, large.window) == (True, 20_000, 1, 1)


def test_keys_do_not_share_a_bucket(make: Callable[[int], Throttle]) -> None:
    throttle = make(SLOW)
    throttle.take("one", SMALLEST_BURST).check()
    throttle.take("other", SMALLEST_BURST).check()


def test_a_bucket_fills_at_its_rate(make: Callable[[int], Throttle]) -> None:
    throttle = make(2_000)
    begun = time.monotonic()
    throttle.take("key", SMALLEST_BURST).check()
    taken = 0
    while taken < 5:
        taken += throttle.take("key", 100).granted
        time.sleep(0.002)
    assert time.monotonic() - begun >= 0.25


def test_many_at_once_never_get_more_than_there_is(make: Callable[[int], Throttle]) -> None:
    throttle = make(SLOW)
    with ThreadPoolExecutor(8) as pool:
        granted = list(pool.map(lambda _: throttle.take("key", 100).granted, range(100)))
    assert sum(granted) == SMALLEST_BURST // 100


def test_in_the_process_the_wait_is_told_to_the_part_of_a_second() -> None:
    now = [0.0]
    throttle = InProcessThrottle(100, lambda: now[0])
    throttle.take("key", SMALLEST_BURST).check()
    with pytest.raises(Throttled) as caught:
        throttle.take("key", 50).check()
    assert caught.value.retry_after == pytest.approx(0.5)
    now[0] += 0.5
    throttle.take("key", 50).check()


def test_without_redis_each_process_has_its_own_limit_and_says_so() -> None:
    assert throttle_for(1, None).shared is False


def test_processes_share_a_limit_through_redis(redis: RedisServer, link: RedisLink) -> None:
    other = RedisLink(redis.url, link.key())
    other.start()
    first, second = throttle_for(SLOW, link), throttle_for(SLOW, other)
    assert (first.shared, second.shared) == (True, True)
    first.take("key", 4_000).check()
    second.take("key", 900).check()
    assert not first.take("key", 200).granted
    other.stop()


def test_a_bucket_in_redis_that_is_none_counts_as_full_and_none_is_kept_for_ever(
    redis: RedisServer, link: RedisLink
) -> None:
    looking = redis.client()
    throttle = RedisThrottle(1_000, link)
    for planted in ("nonsense", "1 2 3", "nan"):
        looking.set(link.key("rate", "key"), planted)
        assert throttle.take("key", 1_000).remaining == 4_000
    looking.delete(link.key("rate", "key"))
    looking.rpush(link.key("rate", "key"), "a list")
    assert throttle.take("key", 1_000).remaining == 4_000
    assert 0 < looking.pttl(link.key("rate", "key")) <= 2_100
    looking.close()


def test_while_redis_is_away_the_process_counts_alone_and_afterwards_all_together_again(tmp_path: Path) -> None:
    with RedisServer(tmp_path) as redis:
        link = RedisLink(redis.url, "x:")
        link.step()
        throttle = RedisThrottle(SLOW, link)
        throttle.take("key", SMALLEST_BURST).check()
        redis.kill()
        throttle.take("key", SMALLEST_BURST).check()
        assert throttle.shared is False
        assert not throttle.take("key", 100).granted
        redis.start()
        link.step()
        assert throttle.shared is True
        throttle.take("key", SMALLEST_BURST).check()
        link.stop()
