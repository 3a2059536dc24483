"""The processor on PostgreSQL: it waits for nobody's site to the harm of another's, and not for ever."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from services.access.scope import ROLES, Scope
from services.container import build
from services.errors import StoreUnavailable
from services.storage import engine, locks
from services.storage.alone import in_turn
from services.storage.engine import Store
from settings import Settings
from tests.services.samples import MAIN, order
from tests.services.waiting import until

ADMIN = Scope("user:admin", ROLES["admin"])
IDLE_SECONDS = 0.5


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """A writer may be idle for half a second."""
    monkeypatch.setattr(engine, "WRITER_IDLE_SECONDS", IDLE_SECONDS)


@contextlib.contextmanager
def held(store: Store, site: str) -> Iterator[None]:
    """Somebody has the site's lock, and does nothing."""
    with store.writing() as connection:
        locks.hold_site(connection, site)
        yield


def counted(services: Any, site: str) -> Callable[[], bool]:
    """Whether an order of the site is in the facts."""

    def look() -> bool:
        with services.store.reading() as connection:
            sql = "SELECT COUNT(*) FROM orders WHERE site = %s"
            return bool(connection.exec_driver_sql(sql, (site,)).scalar())

    return look


def test_a_site_whose_lock_is_not_given_back_delays_no_other_site(pg_services: Any) -> None:
    pg_services.sites.save("bar", name="bar", **MAIN)
    with held(pg_services.store, "main"):
        for site in ("main", "bar", "main"):
            pg_services.intake.accept([order(f"of {site}", site=site)], scope=ADMIN, source="till")
        until(counted(pg_services, "bar"), seconds=2)
        pg_services.intake.accept([order("another", site="bar")], scope=ADMIN, source="till")
        assert not counted(pg_services, "main")()
    until(counted(pg_services, "main"), seconds=4)


@pytest.mark.usefixtures("short")
def test_who_stops_in_the_middle_of_a_transaction_loses_the_lock(pg_settings: Settings) -> None:
    services, stopped = build(pg_settings), Store(pg_settings.database_url)
    services.start()
    with pytest.raises(StoreUnavailable), stopped.writing() as connection:
        locks.hold_site(connection, "main")
        services.intake.accept([order()], scope=ADMIN, source="till")
        until(counted(services, "main"), seconds=IDLE_SECONDS + 4)
        connection.exec_driver_sql("SELECT 1")
    stopped.close()
    services.stop()


@pytest.mark.usefixtures("short")
def test_who_holds_a_turn_may_be_busy_elsewhere(pg_settings: Settings) -> None:
    store = Store(pg_settings.database_url)
    with in_turn(store, "start"):
        time.sleep(2 * IDLE_SECONDS)
    store.close()
