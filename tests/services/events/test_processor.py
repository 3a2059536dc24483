"""The processor: what cannot be applied delays nobody, and nobody's lock delays others' sites, or its own for ever."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from sqlalchemy import Connection, text

from services.access.scope import ROLES, Scope
from services.container import build
from services.errors import StoreUnavailable
from services.events import processing
from services.events.facts import Accepted
from services.events.processing import Changes
from services.storage import engine, locks
from services.storage.alone import in_turn
from services.storage.engine import Store
from settings import Settings
from tests.services.samples import MAIN, order
from tests.services.waiting import until

ADMIN = Scope("user:admin", ROLES["admin"])
IDLE_SECONDS = 0.5
MANY = 50


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


def counted(services: Any, site: str, orders: int = 1) -> Callable[[], bool]:
    """Whether so many orders of the site are in the facts."""

    def look() -> bool:
        with services.store.reading() as connection:
            sql = text("SELECT COUNT(*) FROM orders WHERE site = :site")
            return bool(connection.execute(sql, {"site": site}).scalar() == orders)

    return look


def there(services: Any, order_id: str) -> Callable[[], bool]:
    def look() -> bool:
        with services.store.reading() as connection:
            sql = text("SELECT COUNT(*) FROM orders WHERE order_id = :order_id")
            return bool(connection.execute(sql, {"order_id": order_id}).scalar())

    return look


@pytest.fixture
def poisonous(monkeypatch: pytest.MonkeyPatch) -> None:
    """Orders whose id begins with poison cannot be applied, and that takes its time."""
    apply = processing.apply

    def refuse(connection: Connection, events: Sequence[Accepted], *rest: Any) -> Changes:
        if any(event.id.startswith("poison") for event in events):
            time.sleep(0.01)
            raise ValueError("this order is refused")
        return apply(connection, events, *rest)

    monkeypatch.setattr(processing, "apply", refuse)


@pytest.mark.stores("sqlite", "postgresql")
@pytest.mark.usefixtures("poisonous")
def test_much_that_cannot_be_applied_delays_nothing_new(services: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    ids = [f"{kind} {number}" for number in range(MANY) for kind in ("poison", "sound")]
    services.intake.accept([order(one, id=one) for one in ids], scope=ADMIN, source="till")
    for number in range(5):
        begun = time.monotonic()
        services.intake.accept([order(f"new {number}", site="main")], scope=ADMIN, source="till")
        until(there(services, f"new {number}"))
        assert time.monotonic() - begun < 2
    until(counted(services, "main", MANY + 5))


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
