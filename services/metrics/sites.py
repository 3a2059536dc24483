"""The sites: each with its zone, currency and business day's start, which every figure of it depends on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import iso4217
from sqlalchemy import Connection, select

from services.clock import Instant
from services.errors import Conflict, InvalidRequest, NotFound
from services.metrics.business_time import Calendar
from services.storage import forgetting, locks, tables
from services.storage.engine import Store


@dataclass(frozen=True, slots=True)
class Site:
    """One venue. `built_before` is set while its rollups are being built anew: from that date on they are not there."""

    id: str
    name: str
    tz: str
    currency: str
    day_starts_at: str
    settings_version: int
    built_before: str | None
    minutes_from: Instant

    @property
    def calendar(self) -> Calendar:
        return Calendar(self.tz, self.day_starts_at)

    @property
    def digits(self) -> int:
        return currency_digits(self.currency)

    @property
    def rebuilding(self) -> bool:
        return self.built_before is not None


@lru_cache
def currency_digits(code: str) -> int:
    """Minor digits of an ISO 4217 currency. Raises InvalidRequest for what is none that has them."""
    try:
        digits = iso4217.Currency(code).exponent
    except ValueError:
        digits = None
    if digits is None:
        raise InvalidRequest("must be an ISO 4217 currency code such as USD", pointer="/currency")
    return int(digits)


def load(connection: Connection) -> dict[str, Site]:
    """All sites by id, as the transaction sees them."""
    rows = connection.execute(select(tables.sites).order_by(tables.sites.c.id))
    return {row.id: Site(**row._mapping) for row in rows}


class Sites:
    """Reading and changing sites. `rebuild` is called with a site whose calendar changed, after the change is kept."""

    def __init__(self, store: Store, rebuild: Callable[[str], None]) -> None:
        self._store = store
        self._rebuild = rebuild

    def all(self) -> list[Site]:
        with self._store.reading() as connection:
            return list(load(connection).values())

    def get(self, site_id: str) -> Site:
        """Raises NotFound."""
        with self._store.reading() as connection:
            site = load(connection).get(site_id)
        if site is None:
            raise NotFound(f"there is no site {site_id!r}")
        return site

    def save(self, site_id: str, *, name: str, tz: str, currency: str, day_starts_at: str) -> Site:
        """Creates or changes a site; its rollups are built anew where its calendar changed.

        Errors: InvalidRequest for a field that is not sound; Conflict for another currency once there are facts.
        """
        Calendar(tz, day_starts_at)
        currency_digits(currency)
        wanted = {"name": name, "tz": tz, "currency": currency, "day_starts_at": day_starts_at}
        with self._store.writing() as connection:
            moved = _save(connection, site_id, wanted)
        if moved:
            self._rebuild(site_id)
        return self.get(site_id)


def _save(connection: Connection, site_id: str, wanted: dict[str, str]) -> bool:
    """True where the calendar changed and there are facts that it moves."""
    locks.hold_site(connection, site_id)
    sites = tables.sites
    known = load(connection).get(site_id)
    if known is None:
        connection.execute(sites.insert().values(id=site_id, settings_version=1, minutes_from=0, **wanted))
        return False
    has_facts = forgetting.ever_heard(connection, site_id)
    if has_facts and wanted["currency"] != known.currency:
        raise Conflict("the currency cannot change once there are facts", pointer="/currency")
    moved = has_facts and (wanted["tz"], wanted["day_starts_at"]) != (known.tz, known.day_starts_at)
    changed: dict[str, object] = {**wanted, "settings_version": known.settings_version + 1}
    if moved:
        changed["built_before"] = "0001-01-01"
    connection.execute(sites.update().where(sites.c.id == site_id).values(**changed))
    return moved
