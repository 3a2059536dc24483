"""SQLite alone: the server is killed at random moments while it takes events in; what it acknowledged is there, once.

`FAULT_ROUNDS` says how often (3); `FAULT_SEED` repeats a run's events.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.conftest import Server
from tests.faults.cluster import kill_worker
from tests.faults.tills import ROUNDS, Day


def kill_all(server: Server) -> None:
    server.kill()
    server.start()


@pytest.mark.timeout(120 + 30 * ROUNDS)
@pytest.mark.parametrize("trouble", [kill_worker, kill_all])
def test_nothing_acknowledged_is_lost_and_nothing_counted_twice_however_often_the_server_is_killed(
    server: Server, trouble: Callable[[Server], None]
) -> None:
    day = Day("round", [server], server.database_url)
    for _ in range(ROUNDS):
        day.round(lambda: trouble(server))
    day.end()
