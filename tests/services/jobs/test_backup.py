"""Backup and restore: what was acknowledged before is there after, counted once, whatever was going on meanwhile."""

from __future__ import annotations

import os
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from services.errors import BackupFailed
from services.jobs.backup import backup, restore
from services.metrics.cache import InProcessCache
from services.metrics.snapshot import Snapshots
from services.metrics.verify import verify
from services.storage.engine import Store
from tests.backends.templates import BlankStore
from tests.properties.questions import hold
from tests.properties.world import World
from tests.services.samples import MAIN, at, cancelled, line, order, payment, total

pytestmark = pytest.mark.stores("sqlite", "postgresql")

NOW = at("2026-06-01T00:00:00Z")
MAY = {"from": "2026-05-01T00:00:00+00:00", "to": "2026-06-01T00:00:00+00:00"}
QUERIES = [
    {"metric": metric, "group_by": by, "range": MAY}
    for metric in ("revenue", "orders", "net_revenue", "customers", "payments", "cancellations", "items_sold")
    for by in ([], ["day"])
] + [{"metric": "revenue", "group_by": ["product"], "range": MAY}]
SITES = {"main": MAIN}


@pytest.fixture
def new_store(blank_store: BlankStore) -> Iterator[Callable[[], str]]:
    """The URL of a store that is not there yet (SQLite), or empty (PostgreSQL has its operator make the database)."""
    with ExitStack() as stack:

        def make() -> str:
            url = stack.enter_context(blank_store())
            if url.startswith("sqlite"):
                Path(url.removeprefix("sqlite:///")).unlink()
            else:
                run(url, "DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
            return url

        yield make


def run(url: str, *statements: str) -> None:
    store = Store(url)
    with closing(store), store.writing() as connection:
        for statement in statements:
            connection.execute(text(statement))


@contextmanager
def opened(url: str) -> Iterator[World]:
    """A world on a store as it is."""
    world = World(url, {})
    world.writer.start()
    try:
        yield world
    finally:
        world.writer.stop()
        world.store.close()


def events(first: int, count: int) -> list[Any]:
    """An order and what becomes of it, for each number; the same events for the same number."""
    found = []
    for number in range(first, first + count):
        when = f"2026-05-{1 + number % 28:02}T{number % 24:02}:30:00Z"
        lines = [line("Cola", "4.00", 2)] if number % 2 else []
        sold = order(str(number), "10.00", when, customer_id=f"c{number % 7}", staff_id="7", items=lines)
        heard = [sold, payment("10.00", when=when, transaction_id=f"t{number}")]
        heard += [cancelled(str(number), when)] if number % 5 == 0 else []
        found += [{**one, "id": f"{one['type']}-{number}", "source": "till"} for one in heard]
    return found


def known(world: World) -> set[str]:
    """The ids of the log."""
    world.settle()
    with world.store.reading() as connection:
        return {row[0] for row in connection.execute(text("SELECT id FROM events"))}


@pytest.fixture
def shop(blank_store: BlankStore) -> Iterator[str]:
    """The URL of a store with forty orders, which nobody has open."""
    with blank_store() as url:
        world = World(url, SITES)
        with closing(world.store):
            world.writer.start()
            world.post(events(0, 40))
            world.writer.stop()
        yield url


def test_all_that_was_acknowledged_before_a_backup_is_in_it_while_events_flow(
    shop: str, new_store: Callable[[], str], tmp_path: Path
) -> None:
    posted, stop, flowing = events(0, 40), threading.Event(), threading.Event()

    def post(world: World) -> None:
        number = 100
        while not stop.is_set():
            batch = events(number, 3)
            world.post(batch)
            posted.extend(batch)
            number += 3
            flowing.set()

    with opened(shop) as world:
        till = threading.Thread(target=post, args=[world])
        till.start()
        try:
            assert flowing.wait(30)
            acknowledged = {one["id"] for one in posted}
            backup(shop, str(tmp_path / "backup"))
        finally:
            stop.set()
            till.join()
    there = new_store()
    restore(there, str(tmp_path / "backup"), NOW)
    with opened(there) as world:
        kept = known(world)
        assert acknowledged <= kept <= {one["id"] for one in posted}
        hold(world.ask(QUERIES), QUERIES, [one for one in posted if one["id"] in kept], SITES)
        verdict = verify(world.store)
        assert (verdict.differences, verdict.waiting) == ([], 0)
        assert world.post(posted)["duplicate"] == len(kept)
        assert known(world) == {one["id"] for one in posted}
        hold(world.ask(QUERIES), QUERIES, posted, SITES)
        assert world.differences() == []


def test_what_a_restore_replaces_is_kept_and_what_came_after_the_backup_is_gone(shop: str, tmp_path: Path) -> None:
    backup(shop, str(tmp_path / "backup"))
    with opened(shop) as world:
        world.post([order("after", "1.00", "2026-05-02T12:00:00Z")])
    told = restore(shop, str(tmp_path / "backup"), NOW)
    with opened(shop) as world:
        assert total(world, "orders", range=MAY) == 40
        assert world.differences() == []
    assert "replaced_20260601_000000" in told
    if shop.startswith("sqlite"):
        kept = re.search(r"kept as (\S+)$", told)
        assert kept is not None
        with opened(f"sqlite:///{kept[1]}") as world:
            assert total(world, "orders", range=MAY) == 41
    else:
        with opened(shop) as world, world.store.reading() as connection:
            assert connection.execute(text("SELECT COUNT(*) FROM replaced_20260601_000000.orders")).scalar() == 41


def test_no_figure_cached_before_a_restore_is_given_after_it(shop: str, tmp_path: Path) -> None:
    cache = InProcessCache(1_000_000)

    def revenue() -> object:
        with opened(shop) as world:
            world.snapshots = Snapshots(world.store, cache, lambda: NOW, 60)
            return total(world, "revenue", range=MAY)

    backup(shop, str(tmp_path / "backup"))
    with opened(shop) as world:
        world.post([order("after", "1.00", "2026-05-02T12:00:00Z")])
    assert revenue() == 401
    restore(shop, str(tmp_path / "backup"), NOW)
    assert revenue() == 400


def test_a_restore_is_refused_while_anybody_has_the_store_open(shop: str, tmp_path: Path) -> None:
    backup(shop, str(tmp_path / "backup"))
    with opened(shop) as world:
        world.post([order("after", "1.00", "2026-05-02T12:00:00Z")])
        with pytest.raises(BackupFailed, match="in use"):
            restore(shop, str(tmp_path / "backup"), NOW)
        assert total(world, "orders", range=MAY) == 41
        assert world.post([order("more", "1.00", "2026-05-02T12:00:00Z")]) == {"accepted": 1}


def test_a_file_that_is_no_backup_is_refused_and_the_store_stays_as_it_is(shop: str, tmp_path: Path) -> None:
    backup(shop, str(tmp_path / "backup"))
    whole = (tmp_path / "backup").read_bytes()
    for name, content in {
        "empty": b"",
        "text": b"no backup at all\n" * 100,
        "cut": whole[: len(whole) // 2],
    }.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(BackupFailed):
            restore(shop, str(tmp_path / name), NOW)
    with pytest.raises(BackupFailed, match="no file"):
        restore(shop, str(tmp_path / "nothing"), NOW)
    with opened(shop) as world:
        assert total(world, "orders", range=MAY) == 40
        assert world.differences() == []


def test_a_backup_of_a_later_version_is_refused_and_the_store_stays_as_it_is(shop: str, tmp_path: Path) -> None:
    run(shop, "UPDATE alembic_version SET version_num = '9999'")
    if shop.startswith("sqlite"):
        shutil.copy(shop.removeprefix("sqlite:///"), tmp_path / "later")
    else:
        backup(shop, str(tmp_path / "later"))
    run(shop, "UPDATE alembic_version SET version_num = '0002'")
    with pytest.raises(BackupFailed, match="later version"):
        restore(shop, str(tmp_path / "later"), NOW)
    with opened(shop) as world:
        assert total(world, "orders", range=MAY) == 40


def test_a_backup_that_cannot_be_made_leaves_the_last_one_alone(shop: str, tmp_path: Path) -> None:
    target = tmp_path / "backup"
    backup(shop, str(target))
    whole = target.read_bytes()
    nowhere = make_url(shop).set(database="/nowhere/at-all" if shop.startswith("sqlite") else "nowhere")
    with pytest.raises(BackupFailed):
        backup(nowhere.render_as_string(hide_password=False), str(target))
    assert target.read_bytes() == whole
    assert [path.name for path in tmp_path.iterdir()] == ["backup"]
    for bad in (tmp_path, tmp_path / "no" / "directory"):
        with pytest.raises(BackupFailed, match="cannot write"):
            backup(shop, str(bad))


def test_nobody_else_may_read_a_backup(shop: str, tmp_path: Path) -> None:
    backup(shop, str(tmp_path / "backup"))
    assert (tmp_path / "backup").stat().st_mode & 0o077 == 0


@pytest.mark.stores("sqlite")
def test_the_store_itself_is_never_taken_for_its_backup(shop: str) -> None:
    store = shop.removeprefix("sqlite:///")
    for attempt in (lambda: backup(shop, store), lambda: restore(shop, store, NOW)):
        with pytest.raises(BackupFailed, match="the store itself"):
            attempt()


@pytest.mark.stores("postgresql")
def test_a_later_backup_leaves_out_what_an_earlier_restore_replaced(
    shop: str, new_store: Callable[[], str], tmp_path: Path
) -> None:
    backup(shop, str(tmp_path / "first"))
    restore(shop, str(tmp_path / "first"), NOW)
    backup(shop, str(tmp_path / "second"))
    there = new_store()
    restore(there, str(tmp_path / "second"), NOW)
    with opened(there) as world, world.store.reading() as connection:
        assert connection.execute(text("SELECT COUNT(*) FROM orders")).scalar() == 40
        assert connection.execute(text("SELECT to_regnamespace('replaced_20260601_000000')")).scalar() is None


@pytest.mark.stores("postgresql")
def test_a_restore_that_the_database_refuses_leaves_the_store_as_it_is(shop: str, tmp_path: Path) -> None:
    backup(shop, str(tmp_path / "backup"))
    run(shop, "CREATE SCHEMA replaced_20260601_000000")
    with pytest.raises(BackupFailed, match="already exists"):
        restore(shop, str(tmp_path / "backup"), NOW)
    with opened(shop) as world:
        assert total(world, "orders", range=MAY) == 40


@pytest.mark.stores("postgresql")
def test_a_store_in_a_schema_of_its_own_is_put_back_there(shop: str, tmp_path: Path) -> None:
    database = make_url(shop).database
    run(shop, "ALTER SCHEMA public RENAME TO board", f'ALTER DATABASE "{database}" SET search_path = board')
    backup(shop, str(tmp_path / "backup"))
    assert "replaced_20260601_000000" in restore(shop, str(tmp_path / "backup"), NOW)
    with opened(shop) as world:
        assert total(world, "orders", range=MAY) == 40
        assert world.differences() == []


@pytest.mark.stores("postgresql")
def test_the_password_is_on_no_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spy = tmp_path / "pg_dump"
    spy.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/arguments\necho "$PGPASSWORD" > {tmp_path}/password\nexit 1\n')
    spy.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(BackupFailed):
        backup("postgresql://till:s3cr%20et@db.example:5433/board?sslmode=require", str(tmp_path / "backup"))
    assert (tmp_path / "password").read_text() == "s3cr et\n"
    said = (tmp_path / "arguments").read_text()
    assert "s3cr" not in said
    assert "postgresql://till@db.example:5433/board?sslmode=require" in said


@pytest.mark.stores("postgresql")
def test_a_program_that_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BackupFailed, match="pg_dump is not installed"):
        backup("postgresql://till@db.example/board", str(tmp_path / "backup"))
