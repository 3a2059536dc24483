"""The cache is bounded by bytes and forgets what was not asked for longest; of many that ask, one computes."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from services.metrics.answer import Answer, Group, Period, Unit
from services.metrics.cache import Entry, InProcessCache, SingleFlight


def entry(groups: int = 0, version: int = 1) -> Entry:
    answer = Answer(
        "orders", "Orders", Unit("count"), (), (Group((), 1),) * groups, (), 1, None, False,
        Period(0, 1, 1, "UTC"), 0, True,
    )  # fmt: skip
    return Entry(answer, (version,), 10)


SMALL = entry().size


def test_what_was_put_is_found_and_the_later_takes_the_place_of_the_earlier() -> None:
    cache = InProcessCache(10 * SMALL)
    assert cache.get("a") is None
    cache.put("a", entry(version=1))
    cache.put("a", entry(version=2))
    found = cache.get("a")
    assert found is not None
    assert found.versions == (2,)


def test_the_least_recently_used_goes_first() -> None:
    cache = InProcessCache(3 * SMALL)
    for key in "abc":
        cache.put(key, entry())
    cache.get("a")
    cache.put("d", entry())
    assert [key for key in "abcd" if cache.get(key)] == ["a", "c", "d"]


def test_a_large_answer_takes_the_room_of_several_and_one_too_large_is_not_kept() -> None:
    cache = InProcessCache(3 * SMALL)
    for key in "abc":
        cache.put(key, entry())
    large = entry(groups=7)
    assert SMALL < large.size <= 3 * SMALL
    cache.put("large", large)
    assert cache.get("large") is not None
    assert sum(cache.get(key) is not None for key in "abc") <= 1
    cache.put("too large", entry(groups=10_000))
    assert cache.get("too large") is None
    assert cache.get("large") is not None


def test_the_size_follows_the_memory_that_an_answer_takes() -> None:
    import tracemalloc

    tracemalloc.start()
    answers = [
        Entry(
            Answer("m", "M", Unit("count"), ("hour",), tuple(Group((f"label {n}",), 10**6 + n) for n in range(500)),
                   ((),), 1, None, False, Period(0, 1, 1, "UTC"), 0, True), (1,), 10,
        )
        for _ in range(20)
    ]  # fmt: skip
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert 0.5 < sum(one.size for one in answers) / taken < 3


class Kitchen:
    """Counts what is computed; each computation waits until `served`."""

    def __init__(self) -> None:
        self.flights = SingleFlight()
        self.kept: dict[str, Entry] = {}
        self.computed = 0
        self.begun, self.served = threading.Event(), threading.Event()

    def ask(self, key: str, at_least: int = 1) -> tuple[Entry, bool]:
        def find() -> Entry | None:
            found = self.kept.get(key)
            return found if found is not None and found.versions[0] >= at_least else None  # type: ignore[operator]

        def compute() -> Entry:
            self.computed += 1
            self.begun.set()
            assert self.served.wait(20)
            self.kept[key] = entry(version=at_least)
            return self.kept[key]

        return self.flights.run(key, find, compute)


def test_of_many_that_ask_at_once_one_computes_and_all_get_it() -> None:
    kitchen = Kitchen()
    with ThreadPoolExecutor(12) as pool:
        asked = [pool.submit(kitchen.ask, "a") for _ in range(12)]
        assert kitchen.begun.wait(20)
        kitchen.served.set()
        answers = [future.result(20) for future in asked]
    assert kitchen.computed == 1
    assert sum(computed for _, computed in answers) == 1
    assert len({id(found) for found, _ in answers}) == 1


def test_who_needs_a_later_version_does_not_take_what_was_computed_before_it() -> None:
    kitchen = Kitchen()
    with ThreadPoolExecutor(2) as pool:
        early = pool.submit(kitchen.ask, "a", 1)
        assert kitchen.begun.wait(20)
        late = pool.submit(kitchen.ask, "a", 2)
        kitchen.served.set()
        assert (early.result(20)[0].versions, late.result(20)[0].versions) == ((1,), (2,))
    assert kitchen.computed == 2


def test_other_keys_do_not_wait() -> None:
    kitchen = Kitchen()
    with ThreadPoolExecutor(2) as pool:
        slow = pool.submit(kitchen.ask, "a")
        assert kitchen.begun.wait(20)
        kitchen.kept["b"] = entry()
        assert pool.submit(kitchen.ask, "b").result(5)[1] is False
        kitchen.served.set()
        slow.result(20)


def test_a_computation_that_fails_fails_for_who_made_it_and_the_next_one_tries_again() -> None:
    flights = SingleFlight()

    def fail() -> Any:
        raise ValueError("no luck")

    with pytest.raises(ValueError, match="no luck"):
        flights.run("a", lambda: None, fail)
    assert flights.run("a", lambda: None, entry)[1]
