"""Sites: what they may be changed to, and what follows from it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from services.errors import Conflict, InvalidRequest, NotFound
from services.metrics.sites import Site, Sites
from tests.properties.world import World
from tests.services.samples import groups, order, query, read


@pytest.fixture
def asked() -> list[str]:
    """The sites whose rebuilding was asked for."""
    return []


@pytest.fixture
def known(shop: World, asked: list[str]) -> Sites:
    return Sites(shop.store, asked.append)


def change(known: Sites, **fields: Any) -> Site:
    now = known.get("main")
    kept = {"name": now.name, "tz": now.tz, "currency": now.currency, "day_starts_at": now.day_starts_at}
    return known.save("main", **{**kept, **fields})


def test_a_site_is_made_and_found_among_all(known: Sites) -> None:
    made = known.save("bar", name="The bar", tz="Asia/Tokyo", currency="JPY", day_starts_at="05:00")
    assert made == known.get("bar")
    assert [site.id for site in known.all()] == ["bar", "main"]
    assert (made.digits, made.calendar.tz, made.rebuilding) == (0, "Asia/Tokyo", False)
    with pytest.raises(NotFound):
        known.get("cellar")


@pytest.mark.parametrize(
    ("field", "value"),
    [("tz", "Mars/Olympus"), ("tz", ""), ("tz", "../etc/passwd"), ("currency", "usd"), ("currency", "XXX"),
     ("currency", ""), ("day_starts_at", "24:00"), ("day_starts_at", "4:30"), ("day_starts_at", "04:60")],
)  # fmt: skip
def test_a_field_that_is_not_sound_is_named_and_nothing_changes(known: Sites, field: str, value: str) -> None:
    before = known.get("main")
    with pytest.raises(InvalidRequest) as raised:
        change(known, **{field: value})
    assert raised.value.pointer == f"/{field}"
    assert known.get("main") == before


def test_the_currency_stands_once_there_are_facts(shop: World, known: Sites, asked: list[str]) -> None:
    assert change(known, currency="EUR").currency == "EUR"
    shop.post([order()])
    with pytest.raises(Conflict) as raised:
        change(known, currency="USD", name="Another")
    assert raised.value.pointer == "/currency"
    assert (known.get("main").currency, known.get("main").name, asked) == ("EUR", "main", [])


@pytest.mark.parametrize("fields", [{"tz": "Asia/Tokyo"}, {"day_starts_at": "04:30"}])
def test_another_calendar_marks_the_rollups_and_asks_for_new_ones(
    shop: World, known: Sites, asked: list[str], fields: dict[str, str]
) -> None:
    assert not change(known, **fields).rebuilding
    assert asked == []
    change(known, tz="UTC", day_starts_at="00:00")
    shop.post([order()])
    assert change(known, **fields).rebuilding
    assert asked == ["main"]


def test_another_name_rebuilds_nothing(shop: World, known: Sites, asked: list[str]) -> None:
    shop.post([order()])
    assert not change(known, name="The café").rebuilding
    assert asked == []


def test_figures_follow_the_new_calendar_at_once_and_stay_when_the_rebuild_is_done(shop: World, known: Sites) -> None:
    shop.post([order("1", when="2026-03-02T20:00:00Z")])
    assert list(groups(shop, "revenue", "day")) == ["2026-03-02"]
    change(known, tz="Asia/Tokyo")
    assert list(groups(shop, "revenue", "day")) == ["2026-03-03"]
    shop.rebuild("main")
    assert not known.get("main").rebuilding
    assert list(groups(shop, "revenue", "day")) == ["2026-03-03"]
    assert shop.differences() == []


def test_a_cached_figure_is_never_given_under_other_settings(shop: World, known: Sites) -> None:
    shop.post([order()])
    assert read(shop, query("revenue")).cache_status == "fresh"
    assert read(shop, query("revenue")).cache_status == "cached"
    change(known, name="The café")
    assert read(shop, query("revenue")).cache_status == "fresh"


def test_of_two_sites_only_the_changed_one_is_rebuilt(make_world: Callable[..., World]) -> None:
    world = make_world(main={}, bar={})
    world.post([order(), order(site="bar")])
    asked: list[str] = []
    change(Sites(world.store, asked.append), tz="Asia/Tokyo")
    assert {site.id: site.rebuilding for site in world.sites.all()} == {"bar": False, "main": True}
    assert asked == ["main"]
