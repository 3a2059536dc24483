"""Arrays in PostgreSQL's own writing hold any text, number and bytes, and none."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from services.storage import arrays, bulk, tables
from services.storage.engine import Store
from settings import Settings

TEXTS = [
    "plain", "", "NULL", "null", 'a "quoted" one', "back\\slash", '\\"', "{a,b}", " space ", "line\nbreak",
    "ÄÖ\U0001f374", '","', "'; --", "%s", "\\x41", "\t",
]  # fmt: skip


@pytest.fixture
def store(pg_settings: Settings) -> Store:
    return Store(pg_settings.database_url)


def test_texts_come_back_as_they_were_written(store: Store) -> None:
    with store.reading() as connection:
        for column in (TEXTS, TEXTS[:1], TEXTS[1:2], [None, *TEXTS, None], [None]):
            found = connection.exec_driver_sql("SELECT %s::text[]", (arrays.of_texts(column),)).scalar()
            assert found == column
    store.close()


def test_rows_with_any_text_and_nulls_are_written_and_found_again(store: Store) -> None:
    with store.writing() as connection:
        connection.execute(text("DELETE FROM customers"))
        bulk.replace(connection, tables.customers, [("main", name, 7, name) for name in TEXTS])
        bulk.replace(connection, tables.customers, [("main", name, 8, name) for name in TEXTS])
        sql = "SELECT customer_id, first_at, first_order FROM customers WHERE site = {p} AND customer_id IN {values}"
        found = sorted(bulk.select_in(connection, sql, ("main",), TEXTS))
        assert found == sorted((name, 8, name) for name in TEXTS)
        keys = [("main", "s", name, bytes([0, 92, 34, 255])) for name in TEXTS]
        arrays.insert(connection, tables.event_keys, keys, "")
        kept = connection.execute(text("SELECT id, digest FROM event_keys WHERE source = 's'"))
        assert {(row.id, bytes(row.digest)) for row in kept} == {(name, bytes([0, 92, 34, 255])) for name in TEXTS}
        orders = [("main", name, None if name == "NULL" else 5, 0) for name in TEXTS]
        bulk.replace(connection, tables.order_keys, orders)
        assert connection.execute(text("SELECT order_id FROM order_keys WHERE occurred_at IS NULL")).scalar() == "NULL"
    store.close()
