"""Months on PostgreSQL: made by whoever first needs them, and in nobody's way."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from services.storage.engine import Store
from services.storage.partitions import EARLY, Partitions, attached, month_of, name, starts
from services.storage.tables import PARTITIONED
from tests.backends.templates import BlankStore

pytestmark = pytest.mark.stores("postgresql")

YEARS = [(year, month) for year in range(2011, 2015) for month in range(1, 13)]
LATER = (2020, 5)


@pytest.fixture
def store(blank_store: BlankStore) -> Iterator[Store]:
    with blank_store() as url:
        made = Store(url)
        yield made
        made.close()


def names(store: Store, table: str) -> set[str]:
    with store.reading() as connection:
        return attached(connection, table)


def test_all_before_2010_share_one(store: Store) -> None:
    first = starts((2010, 1))
    Partitions(store).ensure([0, first - 1, first])
    assert names(store, "orders") == {"orders_early", "orders_2010_01"}
    assert month_of(first - 1) == EARLY


def test_many_who_need_the_same_months_at_once_make_each_once(store: Store) -> None:
    parts, wanted = [Partitions(store) for _ in range(4)], [starts(month) for month in YEARS[:6]]
    threads = [threading.Thread(target=part.ensure, args=[wanted]) for part in parts * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for table in PARTITIONED:
        assert names(store, table) == {name(table, month) for month in YEARS[:6]}


def test_who_needs_one_does_not_wait_for_who_needs_many(store: Store) -> None:
    months = Partitions(store)
    many = threading.Thread(target=months.ensure, args=[[starts(month) for month in YEARS]])
    many.start()
    while not names(store, "events"):
        pass
    months.ensure([starts(LATER)])
    assert len(names(store, "events")) < len(YEARS)
    many.join()
    assert len(names(store, "stock")) == len(YEARS) + 1
