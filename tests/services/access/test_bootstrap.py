from __future__ import annotations

from typing import Any

import pytest

from services.access.bootstrap import bootstrap
from services.access.scope import Permission
from services.errors import Unauthenticated
from settings import Settings
from tests.services.access.conftest import Door


class Sites:
    def __init__(self) -> None:
        self.saved: list[tuple[str, dict[str, str]]] = []

    def save(self, site_id: str, **fields: str) -> None:
        self.saved.append((site_id, fields))


def _begin(door: Door, sites: Sites, **settings: Any) -> list[str]:
    return bootstrap(Settings(**settings), accounts=door.accounts, keys=door.keys, sites=sites)


def test_an_empty_store_gets_its_site_its_admin_and_its_key_from_the_settings(door: Door) -> None:
    sites = Sites()
    shown = _begin(
        door, sites, site_tz="Europe/Vienna", site_currency="EUR", site_day_starts_at="04:00",
        bootstrap_admin_password="given", bootstrap_api_key="pb_given",
    )  # fmt: skip
    assert shown == []
    fields = {"name": "Main", "tz": "Europe/Vienna", "currency": "EUR", "day_starts_at": "04:00"}
    assert sites.saved == [("main", fields)]
    assert door.accounts.verify("admin", "given").role == "admin"
    key = door.keys.get("pb_given")
    assert key is not None
    assert key.permissions == frozenset(Permission)


def test_secrets_that_are_not_set_are_made_and_shown_once(door: Door) -> None:
    shown = _begin(door, Sites())
    password = shown[0].removeprefix("user admin, password ")
    token = shown[1].removeprefix("API key ")
    assert door.accounts.verify("admin", password)
    assert door.keys.get(token)
    assert _begin(door, Sites()) == []


def test_afterwards_the_settings_count_no_more(door: Door) -> None:
    _begin(door, Sites(), bootstrap_admin_password="first", bootstrap_api_key="first")
    sites = Sites()
    assert _begin(door, sites, bootstrap_admin_password="second", bootstrap_api_key="second") == []
    assert sites.saved == []
    assert door.keys.get("second") is None
    with pytest.raises(Unauthenticated):
        door.accounts.verify("admin", "second")
