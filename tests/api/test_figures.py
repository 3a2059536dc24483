"""Figures by HTTP: widgets, the snapshot, the shortcuts, the cache, sites and the catalogue."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from services.errors import StoreUnavailable

pytestmark = pytest.mark.stores("sqlite", "postgresql")


@pytest.fixture
def today(post_order: Callable[..., Any]) -> None:
    """Two orders of this moment: Mia's of 42.50 and one of nobody in particular."""
    now = datetime.now(UTC).isoformat()
    line = {"product": "Margherita", "quantity": 1, "line_amount": "42.50"}
    post_order("1", now, staff_id="7", staff_name="Mia", customer_id="c-1", items=[line])
    post_order("2", now, total_amount="7.50")


@pytest.mark.usefixtures("today")
def test_the_snapshot_has_the_contract_s_keys_and_today_s_figures(client: Any, admin_key: dict[str, str]) -> None:
    shown = client.get("/analytics/dashboard/realtime", headers=admin_key).get_json()
    assert list(shown) == [
        "timestamp", "revenue_today", "orders_today", "customers_today", "average_order_value", "revenue_growth",
        "order_growth", "customer_growth", "top_staff", "top_products", "hourly_trends", "active_alerts",
        "critical_metrics", "data_freshness",
    ]  # fmt: skip
    assert (shown["revenue_today"], shown["orders_today"], shown["customers_today"]) == (50.0, 2, 1)
    assert shown["average_order_value"] == 25.0
    assert shown["revenue_growth"] is None
    assert shown["top_staff"] == [{"staff_id": "7", "staff_name": "Mia", "value": 42.5}]
    assert shown["top_products"] == [{"product": "Margherita", "value": 42.5}]
    assert shown["hourly_trends"][-1]["open"] is True
    assert sum(point["y"] for point in shown["hourly_trends"]) == 50.0
    assert set(shown["data_freshness"]) == {"as_of", "age_seconds", "state"}


def test_the_snapshot_has_no_staff_for_who_may_not_see_them(client: Any, key_of: Callable[..., dict[str, str]]) -> None:
    viewer = key_of("view_dashboard")
    assert client.get("/analytics/dashboard/realtime", headers=viewer).get_json()["top_staff"] is None
    assert client.get("/analytics/performers/top", headers=viewer).status_code == 403


@pytest.mark.usefixtures("today")
def test_the_shortcuts_say_what_the_widgets_say(client: Any, admin_key: dict[str, str]) -> None:
    current = client.get("/analytics/metrics/revenue/current", headers=admin_key).get_json()
    assert (current["value"], current["unit"]) == (50.0, {"kind": "money", "currency": "USD"})
    trend = client.get("/analytics/trends/hourly?metric=orders", headers=admin_key).get_json()
    assert sum(point["y"] for point in trend["points"]) == 2
    top = client.get("/analytics/performers/top?limit=1", headers=admin_key).get_json()
    assert top["performers"] == [{"staff_id": "7", "staff_name": "Mia", "value": 42.5}]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("metrics/luck/current", 404),
        ("metrics/revenue/current?range=someday", 422),
        ("metrics/revenue/current?site=nowhere", 404),
        ("metrics/revenue/current?extra=1", 422),
        ("trends/hourly?metric=luck", 422),
        ("performers/top?limit=0", 422),
        ("performers/top?limit=x", 422),
        ("performers/top?metric=tax", 200),
        ("performers/top?metric=payments", 422),
    ],
)
def test_what_cannot_be_asked_is_refused(client: Any, admin_key: dict[str, str], path: str, status: int) -> None:
    assert client.get(f"/analytics/{path}", headers=admin_key).status_code == status


def _card(widget_id: str, **config: Any) -> dict[str, Any]:
    return {"widget_id": widget_id, "widget_type": "metric_card", "config": config}


def test_one_bad_widget_spoils_no_other(client: Any, admin_key: dict[str, str]) -> None:
    asked = [
        _card("good", query={"metric": "orders"}),
        _card("bad", query={"metric": "luck"}),
        {"widget_id": "typeless"},
        {"widget_id": "odd", "widget_type": {"a": 1}, "config": [1]},
    ]
    answer = client.post("/analytics/widgets/data", json={"widgets": asked}, headers=admin_key)
    assert answer.status_code == 200
    widgets = answer.get_json()["widgets"]
    assert list(widgets) == ["good", "bad", "typeless", "odd"]
    assert widgets["good"]["status"] in ("ok", "no_data")
    assert {widgets[name]["status"] for name in ("bad", "typeless", "odd")} == {"error"}


@pytest.mark.parametrize(
    "body", [{}, {"widgets": 1}, {"widgets": [1]}, {"widgets": [{}]}, {"widgets": [_card("a"), _card("a")]}, []]
)
def test_a_request_that_is_none_is_refused(client: Any, admin_key: dict[str, str], body: Any) -> None:
    answer = client.post("/analytics/widgets/data", json=body, headers=admin_key)
    assert answer.status_code == 422
    assert answer.get_json()["errors"]


def test_the_cache_is_dropped_by_topic_by_widget_or_whole(client: Any, admin_key: dict[str, str]) -> None:
    def drop(**body: str) -> Any:
        return client.post("/analytics/cache/invalidate", json=body, headers=admin_key).get_json()["invalidated"]

    assert drop(pattern="revenue@*") == ["revenue@main"]
    assert drop(widget_id="revenue") == ["revenue@main"]
    assert {"revenue@main", "low_stock_items@main"} <= set(drop())
    answer = client.post("/analytics/cache/invalidate", json={"widget_id": "nothing"}, headers=admin_key)
    assert answer.status_code == 404


def test_sites_are_made_and_changed(client: Any, admin_key: dict[str, str], key_of: Callable[..., Any]) -> None:
    fields = {"name": "Bar", "tz": "Europe/Vienna", "currency": "EUR", "day_starts_at": "04:00"}
    made = client.put("/analytics/sites/bar", json=fields, headers=admin_key)
    assert made.status_code == 201
    assert made.get_json() == {"id": "bar", **fields, "rebuilding": False}
    changed = client.put("/analytics/sites/bar", json={"name": "The bar"}, headers=admin_key)
    assert changed.status_code == 200
    assert changed.get_json()["tz"] == "Europe/Vienna"
    listed = client.get("/analytics/sites", headers=key_of("view_dashboard", sites=["bar"])).get_json()["sites"]
    assert [site["id"] for site in listed] == ["bar"]


@pytest.mark.usefixtures("today")
def test_the_currency_stays_once_there_are_facts(client: Any, admin_key: dict[str, str]) -> None:
    assert client.put("/analytics/sites/main", json={"currency": "EUR"}, headers=admin_key).status_code == 409


@pytest.mark.parametrize(
    ("site", "field", "value"),
    [
        ("bar", "tz", "Mars/Olympus"), ("bar", "currency", "QQQ"), ("bar", "currency", "eur"),
        ("bar", "day_starts_at", "24:00"), ("bar", "name", ""), ("bar", "colour", "red"), ("a b", "name", "x"),
    ],
)  # fmt: skip
def test_a_site_that_cannot_be_is_refused(
    client: Any, admin_key: dict[str, str], site: str, field: str, value: str
) -> None:
    assert client.put(f"/analytics/sites/{site}", json={field: value}, headers=admin_key).status_code == 422


def test_the_catalogue_has_every_metric(client: Any, admin_key: dict[str, str]) -> None:
    metrics = client.get("/analytics/catalogue", headers=admin_key).get_json()["metrics"]
    revenue = next(one for one in metrics if one["name"] == "revenue")
    assert set(revenue) == {"name", "title", "description", "unit", "dimensions", "lower_is_better"}
    assert len(metrics) == 23


@contextlib.contextmanager
def _gone() -> Iterator[Any]:
    raise StoreUnavailable("the store cannot be reached now")
    yield


@pytest.mark.usefixtures("today")
def test_while_the_store_cannot_be_read_known_figures_are_given_as_stale_to_who_was_known(
    client: Any, services: Any, admin_key: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    card = {"widget_id": "w", "widget_type": "metric_card", "config": {"query": {"metric": "revenue"}}}
    other = {**card, "widget_id": "x", "config": {"query": {"metric": "tips"}}}

    def ask(*widgets: dict[str, Any], headers: dict[str, str] = admin_key) -> Any:
        return client.post("/analytics/widgets/data", json={"widgets": widgets}, headers=headers)

    assert ask(card).get_json()["widgets"]["w"]["cache_status"] == "fresh"
    monkeypatch.setattr(services.store, "reading", _gone)
    told = ask(card, other).get_json()["widgets"]
    assert (told["w"]["cache_status"], told["w"]["data"]["value"]) == ("stale", 50.0)
    assert (told["x"]["status"], told["x"]["error"]["code"]) == ("error", "store_unavailable")
    refused = ask(card, headers={"Authorization": "Bearer pb_nobody-has-heard-of-this-key"})
    assert refused.status_code == 503
    assert client.get("/analytics/dashboards", headers=admin_key).status_code == 503
