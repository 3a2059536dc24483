"""Migrations make the tables that the code knows, from nothing, and do nothing where they are made."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect, text

from services.storage import migrations
from services.storage.engine import Store
from services.storage.tables import metadata


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(f"sqlite:///{tmp_path}/new/store.sqlite3")
    yield made
    made.close()


def schema(connection: Connection) -> dict[str, str]:
    rows = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"))
    return {name: " ".join(sql.replace('"', "").split()) for name, sql in rows}


def test_an_empty_store_becomes_what_the_tables_say(store: Store) -> None:
    migrations.upgrade(store)
    with store.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        assert set(inspect(connection).get_table_names()) == {*metadata.tables, "alembic_version"}


def test_also_in_what_a_comparison_does_not_see(store: Store, tmp_path: Path) -> None:
    """Defaults, keys' order, tables without rowid."""
    migrations.upgrade(store)
    direct = Store(f"sqlite:///{tmp_path}/direct.sqlite3")
    with direct.writing() as connection:
        metadata.create_all(connection)
    with store.reading() as migrated, direct.reading() as created:
        known, wanted = schema(migrated), schema(created)
    direct.close()
    known.pop("alembic_version")
    assert known == wanted


def test_a_second_time_changes_nothing(store: Store) -> None:
    migrations.upgrade(store)
    with store.writing() as connection:
        connection.execute(text("INSERT INTO topic_versions VALUES ('main', 'revenue', 3)"))
        before = schema(connection)
    migrations.upgrade(store)
    with store.reading() as connection:
        assert schema(connection) == before
        assert connection.execute(text("SELECT version FROM topic_versions")).scalar() == 3


def test_an_upgrade_that_fails_leaves_no_trace(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    class Failed(Exception):
        pass

    upgrade = migrations.command.upgrade

    def fail(*args: object) -> None:
        upgrade(*args)  # type: ignore[arg-type]
        raise Failed

    with monkeypatch.context() as patch, pytest.raises(Failed):
        patch.setattr(migrations.command, "upgrade", fail)
        migrations.upgrade(store)
    with store.reading() as connection:
        assert inspect(connection).get_table_names() == []
    migrations.upgrade(store)


def test_the_store_is_durable_and_readers_never_wait(store: Store) -> None:
    migrations.upgrade(store)
    with store.reading() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
    with store.writing() as writing:
        writing.execute(text("INSERT INTO topic_versions VALUES ('main', 'revenue', 1)"))
        with store.reading() as reading:
            assert reading.execute(text("SELECT COUNT(*) FROM topic_versions")).scalar() == 0
