"""Ten times as many posts as may wait: some are refused before anything of them is accepted, none is lost."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from app import create_app
from services.access.bootstrap import bootstrap
from services.container import build
from services.metrics import verify
from services.storage.migrations import upgrade
from settings import Settings
from tests.faults.test_store_trouble import CARD, batch, is_problem, locked

MAY_WAIT = 4
SIZE = 5


@pytest.fixture
def narrow(settings: Settings) -> Iterator[Any]:
    """Services in which four posts may wait for their commit."""
    built = build(replace(settings, event_queue_size=MAY_WAIT))
    upgrade(built.store)
    bootstrap(settings, accounts=built.accounts, keys=built.keys, sites=built.sites)
    built.start()
    yield built
    built.stop()


def test_posts_beyond_what_may_wait_are_refused_at_once_and_all_others_counted_once(
    narrow: Any, admin_key: dict[str, str]
) -> None:
    server = create_app(narrow.settings, narrow).server

    def post(number: int) -> tuple[int, Any]:
        answer = server.test_client().post("/analytics/events", json=batch(number * SIZE, SIZE), headers=admin_key)
        return number, answer

    posts = range(10 * MAY_WAIT)
    with ThreadPoolExecutor(len(posts)) as pool, locked(narrow) as another:
        pending = [pool.submit(post, number) for number in posts]
        while sum(future.done() for future in pending) < len(posts) - MAY_WAIT:
            time.sleep(0.01)
        refused = [future.result() for future in pending if future.done()]
        assert narrow.writer.waiting == MAY_WAIT
        another.rollback()
        answers = [future.result() for future in pending]
    assert len(refused) == len(posts) - MAY_WAIT
    assert all(is_problem(answer) and answer.get_json()["code"] == "queue_full" for _, answer in refused)
    assert sum(answer.get_json().get("accepted", 0) for _, answer in answers) == MAY_WAIT * SIZE

    for number, _ in refused:
        assert post(number)[1].get_json()["accepted"] == SIZE
    reading = server.test_client().post("/analytics/widgets/data", json={"widgets": [CARD]}, headers=admin_key)
    assert reading.get_json()["widgets"]["w"]["data"]["value"] == len(posts) * SIZE
    assert verify.differences(narrow.store) == []
