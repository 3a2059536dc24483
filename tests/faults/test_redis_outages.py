"""Promise 18: Redis goes and comes in every way and state; figures stay right, and nothing from before is served after.

Redis is stopped and keeps what it knew, is killed and forgets it, or answers nobody for a while.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count

import pytest

from tests.faults.cluster import Cluster
from tests.faults.place import Place
from tests.faults.tills import Day

pytestmark = pytest.mark.timeout(240)

Outage = Callable[[Cluster], Iterator[None]]
_numbers = count(1)


@contextmanager
def stopped(cluster: Cluster) -> Iterator[None]:
    """It writes down what it holds, and holds it again after the start."""
    cluster.redis.stop()
    yield
    cluster.redis.start()


@contextmanager
def killed(cluster: Cluster) -> Iterator[None]:
    """It comes back empty."""
    cluster.redis.kill()
    for kept in cluster.redis.directory.glob("appendonlydir/*"):
        kept.unlink()
    yield
    cluster.redis.start()


@contextmanager
def stalled(cluster: Cluster) -> Iterator[None]:
    """Connections stay open, and nothing is answered."""
    cluster.redis.pause()
    yield
    cluster.redis.resume()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with Cluster(tmp_path_factory.mktemp("outages"), persistent_redis=True) as running:
        yield running


@pytest.mark.parametrize("outage", [stopped, killed, stalled])
def test_what_was_cached_before_an_outage_is_not_served_in_it_nor_after_it(cluster: Cluster, outage: Outage) -> None:
    place = Place(cluster, f"warm-{next(_numbers)}")
    here, there = cluster.servers
    place.post(here)
    place.shown_within(here, there)
    assert {place.reading(server)["cache_status"] for server in cluster.servers} == {"cached"}
    with outage(cluster):
        cluster.wait_for_health("degraded")
        # Each has its own cache now, and nothing in it.
        for server in cluster.servers:
            assert [place.reading(server)["cache_status"] for _ in range(2)] == ["fresh", "cached"]
    cluster.wait_for_health("healthy")
    first, second = place.reading(here), place.reading(there)
    assert first["cache_status"] == "fresh"
    # What the one has computed since Redis is back may serve the other.
    assert second["timestamp"] == first["timestamp"] or second["cache_status"] == "fresh"
    assert {first["data"]["value"], second["data"]["value"]} == {place.orders}


@pytest.mark.parametrize("outage", [stopped, killed, stalled])
def test_under_load_an_outage_loses_nothing_and_every_figure_is_right(cluster: Cluster, outage: Outage) -> None:
    day = Day(f"load-{outage.__name__}", cluster.servers, cluster.database_url)

    def trouble() -> None:
        with outage(cluster):
            cluster.wait_for_health("degraded")
        cluster.wait_for_health("healthy")

    day.round(trouble)
    day.end()


@pytest.mark.parametrize("outage", [stopped, killed, stalled])
def test_an_outage_while_nothing_happens_is_said_and_gone_without_a_trace(cluster: Cluster, outage: Outage) -> None:
    place = Place(cluster, f"idle-{next(_numbers)}")
    here, there = cluster.servers
    with outage(cluster):
        cluster.wait_for_health("degraded")
        place.post(here)
        place.shown_within(here, there)
    cluster.wait_for_health("healthy")
    with place.watched(here) as hears:
        place.post(there)
        hears()
    place.shown_within(here, there)
