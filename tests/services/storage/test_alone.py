"""Work that only one may do: among threads and processes, and free again whatever becomes of who did it."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from services.errors import StoreUnavailable
from services.storage.alone import alone
from services.storage.engine import Store
from tests.backends.postgres import PostgresServer
from tests.backends.templates import BlankStore
from tests.conftest import ROOT

pytestmark = pytest.mark.stores("sqlite", "postgresql")

HOLD = """
import sys
from services.storage.alone import alone
from services.storage.engine import Store
with alone(Store(sys.argv[1]), "work") as mine:
    print(mine, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def store(blank_store: BlankStore) -> Iterator[Store]:
    with blank_store() as url:
        made = Store(url)
        yield made
        made.close()


def test_one_has_it_and_the_next_when_that_one_is_done(store: Store) -> None:
    with alone(store, "work") as first, alone(store, "work") as second:
        assert (first, second) == (True, False)
    with alone(store, "work") as third:
        assert third


def test_it_is_free_again_after_an_error(store: Store) -> None:
    with pytest.raises(ZeroDivisionError), alone(store, "work"):
        _ = 1 / 0
    with alone(store, "work") as mine:
        assert mine


def test_another_process_has_it_until_it_is_killed(store: Store) -> None:
    command = [sys.executable, "-c", HOLD, store.url]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "True\n"
        with alone(store, "work") as mine:
            assert not mine
        other.kill()
    for _ in range(100):
        with alone(store, "work") as mine:
            if mine:
                return
        time.sleep(0.05)
    pytest.fail("nobody has it, and nobody can")


@pytest.mark.stores("postgresql")
def test_other_names_are_other_work(store: Store) -> None:
    with alone(store, "work") as one, alone(store, "other work") as other:
        assert one
        assert other


@pytest.mark.stores("postgresql")
def test_a_connection_that_is_cut_is_no_error_and_frees_it(store: Store, postgres: PostgresServer) -> None:
    database = store.url.rpartition("/")[2]
    with alone(store, "work") as mine:
        assert mine
        postgres.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'")
    with alone(store, "work") as mine:
        assert mine


@pytest.mark.stores("postgresql")
def test_a_store_that_is_away_is_told_as_such(store: Store) -> None:
    away = Store("postgresql://nobody@127.0.0.1:1/nowhere")
    with pytest.raises(StoreUnavailable), alone(away, "work"):
        pass
