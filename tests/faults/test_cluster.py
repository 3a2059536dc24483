"""Two servers and a processor over PostgreSQL and Redis: the same whoever answers, and each may be lost."""

from __future__ import annotations

from itertools import count

import httpx
import pytest

from tests.faults.cluster import Cluster
from tests.faults.place import Place
from tests.services.samples import order

_numbers = count(1)


@pytest.fixture
def place(cluster: Cluster) -> Place:
    return Place(cluster, f"place-{next(_numbers)}")


def test_who_watches_at_one_server_hears_of_what_was_posted_to_the_other(cluster: Cluster, place: Place) -> None:
    here, there = cluster.servers
    for watched, posted_to in ((here, there), (there, here), (here, here)):
        with place.watched(watched) as hears:
            place.post(posted_to)
            assert hears()["cause"] == "events"
        place.shown_within(here, there)


def test_what_one_server_has_computed_the_other_finds_in_the_shared_cache(cluster: Cluster, place: Place) -> None:
    here, there = cluster.servers
    place.post(here)
    place.shown_within(here)
    assert place.reading(here)["cache_status"] == "cached"
    assert place.reading(there) == place.reading(here)


def test_a_cache_that_is_emptied_at_one_server_is_emptied_for_all(cluster: Cluster, place: Place) -> None:
    here, there = cluster.servers
    place.post(here)
    place.shown_within(here, there)
    with place.watched(there) as hears:
        emptied = httpx.post(f"{here.url}/analytics/cache/invalidate", json={}, headers=here.headers)
        assert emptied.status_code == 200
        assert hears()["cause"] == "cache"
        assert place.reading(there)["cache_status"] == "fresh"


def test_without_redis_everything_goes_on_as_fast(cluster: Cluster, place: Place) -> None:
    here, there = cluster.servers
    cluster.redis.kill()
    try:
        for watched, posted_to in ((here, there), (there, here)):
            with place.watched(watched) as hears:
                place.post(posted_to)
                hears()
            place.shown_within(here, there)
        assert [cluster.health(server) for server in cluster.servers] == ["degraded", "degraded"]
    finally:
        cluster.redis.start()
    cluster.wait_for_health("healthy")


def test_without_the_processor_the_servers_apply_what_waits(cluster: Cluster, place: Place) -> None:
    here, there = cluster.servers
    cluster.processor.kill()
    try:
        with place.watched(here) as hears:
            place.post(there)
            hears()
        place.shown_within(here, there)
    finally:
        cluster.processor.start()


@pytest.mark.parametrize("lost", [0, 1])
def test_with_one_server_lost_the_other_serves_and_it_comes_back_as_right(
    cluster: Cluster, place: Place, lost: int
) -> None:
    gone, left = cluster.servers[lost], cluster.servers[1 - lost]
    place.post(gone)
    place.shown_within(gone, left)
    gone.kill()
    with place.watched(left) as hears:
        place.post(left)
        hears()
    place.shown_within(left)
    gone.start()
    place.shown_within(gone)


def test_without_postgres_posts_are_refused_figures_are_called_stale_and_all_comes_back(
    cluster: Cluster, place: Place
) -> None:
    place.post(cluster.servers[0])
    place.shown_within(*cluster.servers)
    cluster.postgres.kill()
    try:
        for server in cluster.servers:
            event = order("new", "1.00", site=place.site)
            refused = httpx.post(f"{server.url}/analytics/events", json=event, headers=server.headers, timeout=20)
            assert refused.status_code == 503
            assert int(refused.headers["Retry-After"]) >= 1
            assert cluster.health(server) == "unhealthy"
            reading = place.reading(server)
            assert (reading["cache_status"], reading["data"]["value"]) == ("stale", 1)
    finally:
        cluster.postgres.start()
    cluster.wait_for_health("healthy")
    with place.watched(cluster.servers[0]) as hears:
        place.post(cluster.servers[1])
        hears()
    place.shown_within(*cluster.servers)


def test_a_processor_that_is_told_to_stop_ends_well(cluster: Cluster, place: Place) -> None:
    try:
        assert cluster.processor.stop() == 0
    finally:
        cluster.processor.start()
