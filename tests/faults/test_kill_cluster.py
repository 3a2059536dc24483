"""PostgreSQL and Redis, two servers and a processor: each is killed at random moments under load, and nothing is lost.

`FAULT_ROUNDS` says how often each (3); `FAULT_SEED` repeats a run's events.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable

import pytest

from tests.faults.cluster import Cluster, kill_worker
from tests.faults.tills import ROUNDS, Day

pytestmark = pytest.mark.timeout(120 + 60 * ROUNDS)


def kill_processor(cluster: Cluster) -> None:
    cluster.processor.kill()
    cluster.processor.start()


def kill_redis(cluster: Cluster) -> None:
    cluster.redis.kill()
    time.sleep(random.uniform(0, 1.5))
    cluster.redis.start()


def kill_postgres(cluster: Cluster) -> None:
    cluster.postgres.kill()
    time.sleep(random.uniform(0, 1.5))
    cluster.postgres.start()


def kill_a_worker(cluster: Cluster) -> None:
    kill_worker(random.choice(cluster.servers))


@pytest.mark.parametrize("trouble", [kill_processor, kill_redis, kill_postgres, kill_a_worker])
def test_nothing_acknowledged_is_lost_and_nothing_counted_twice(
    cluster: Cluster, trouble: Callable[[Cluster], None]
) -> None:
    day = Day(trouble.__name__, cluster.servers, cluster.database_url)
    for _ in range(ROUNDS):
        day.round(lambda: trouble(cluster))
    day.end()
