"""Reconciling by HTTP: a till's day matches, or the differences are told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

DAY = {"site": "main", "business_date": "2026-03-01"}


@pytest.fixture
def sold(post_order: Callable[..., Any], client: Any, admin_key: dict[str, str], services: Any) -> None:
    """On 2026-03-01 in UTC two orders, 42.50 and 7.55, one payment that failed and one that did not; more around."""
    post_order("1", "2026-03-01T00:00:00Z")
    post_order("2", "2026-03-01T23:59:59.999999Z", total_amount="7.55")
    post_order("3", "2026-02-28T23:59:59.999999Z")
    post_order("4", "2026-03-02T00:00:00Z")
    for status in ("failed", "success"):
        data = {"order_id": "1", "payment_method": "card", "amount": "42.50", "status": status}
        event = {"type": "payment_processed", "occurred_at": "2026-03-01T12:00:00Z", "data": data}
        assert client.post("/analytics/events", json=event, headers=admin_key).status_code == 202


@pytest.fixture
def ask(client: Any, admin_key: dict[str, str]) -> Callable[..., Any]:
    """Reconciles 2026-03-01 at main unless told otherwise: `ask(orders=2)`."""

    def post(headers: dict[str, str] = admin_key, **fields: Any) -> Any:
        return client.post("/analytics/reconcile", json={**DAY, **fields}, headers=headers)

    return post


@pytest.mark.usefixtures("sold")
@pytest.mark.parametrize("revenue", ["50.05", 50.05, "50.050"])
def test_a_day_that_matches_says_so(ask: Callable[..., Any], revenue: Any) -> None:
    answer = ask(orders=2, revenue=revenue, payments=1, payment_amount="42.5").get_json()
    assert (answer["match"], answer["open"], answer["differences"]) == (True, False, [])
    assert (answer["site"], answer["business_date"]) == ("main", "2026-03-01")
    assert answer["figures"]["revenue"] == {
        "reported": 50.05, "counted": 50.05, "difference": 0.0, "unit": {"kind": "money", "currency": "USD"}
    }  # fmt: skip
    assert answer["figures"]["payments"]["counted"] == 1
    assert datetime.fromisoformat(answer["as_of"]).tzinfo is not None


@pytest.mark.usefixtures("sold")
def test_what_does_not_match_is_named_with_what_is_missing_or_too_much(ask: Callable[..., Any]) -> None:
    answer = ask(orders=3, revenue="50.04", payments=1).get_json()
    assert (answer["match"], answer["differences"]) == (False, ["orders", "revenue"])
    differences = {name: figure["difference"] for name, figure in answer["figures"].items()}
    assert differences == {"orders": 1, "revenue": -0.01, "payments": 0}


@pytest.mark.usefixtures("sold")
def test_only_what_is_reported_is_compared(ask: Callable[..., Any]) -> None:
    answer = ask(revenue=50).get_json()
    assert list(answer["figures"]) == answer["differences"] == ["revenue"]


@pytest.mark.usefixtures("sold")
def test_an_event_posted_since_is_counted_the_next_time(
    ask: Callable[..., Any], post_order: Callable[..., Any]
) -> None:
    assert ask(orders=2).get_json()["match"]
    post_order("5", "2026-03-01T12:00:00Z")
    assert ask(orders=2).get_json()["figures"]["orders"]["difference"] == -1


def test_the_business_day_is_the_site_s(
    ask: Callable[..., Any], client: Any, admin_key: dict[str, str], post_order: Callable[..., Any]
) -> None:
    site = {"tz": "Europe/Vienna", "day_starts_at": "04:00", "currency": "JPY"}
    assert client.put("/analytics/sites/main", json=site, headers=admin_key).status_code == 200
    post_order("1", "2026-03-01T02:59:59Z", total_amount="100")
    post_order("2", "2026-03-01T03:00:00Z", total_amount="10")
    post_order("3", "2026-03-02T02:59:59Z", total_amount="1")
    assert ask(revenue=11, orders=2).get_json()["match"]
    assert ask(revenue=100, business_date="2026-02-28").get_json()["match"]
    refused = ask(revenue="11.5")
    assert (refused.status_code, refused.get_json()["errors"][0]["pointer"]) == (422, "/revenue")


def test_a_day_that_is_not_over_is_open(ask: Callable[..., Any]) -> None:
    today = datetime.now(UTC).date().isoformat()
    answer = ask(orders=0, business_date=today).get_json()
    assert (answer["open"], answer["match"]) == (True, True)
    assert ask(orders=0, business_date="2100-01-01").get_json()["open"]


def test_a_date_that_the_zone_skipped_is_refused(
    ask: Callable[..., Any], client: Any, admin_key: dict[str, str]
) -> None:
    client.put("/analytics/sites/apia", json={"tz": "Pacific/Apia"}, headers=admin_key)
    refused = ask(site="apia", orders=0, business_date="2011-12-30")
    assert (refused.status_code, refused.get_json()["errors"][0]["pointer"]) == (422, "/business_date")
    assert ask(site="apia", orders=0, business_date="2011-12-31").status_code == 200


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({}, ""), ({"revenue": None}, ""), ({"orders": -1}, "/orders"), ({"orders": 1.5}, "/orders"),
        ({"orders": "2"}, "/orders"), ({"orders": True}, "/orders"), ({"orders": 10**30}, "/orders"),
        ({"revenue": "1,50"}, "/revenue"), ({"revenue": "1e3"}, "/revenue"), ({"revenue": 1e300}, "/revenue"),
        ({"revenue": True}, "/revenue"), ({"revenue": "1.005"}, "/revenue"), ({"revenue": [1]}, "/revenue"),
        ({"payments": "x"}, "/payments"), ({"payment_amount": {}}, "/payment_amount"), ({"tips": 1}, "/tips"),
        ({"orders": 1, "business_date": "2026-02-30"}, "/business_date"),
        ({"orders": 1, "business_date": "20260301"}, "/business_date"),
        ({"orders": 1, "business_date": 1}, "/business_date"),
        ({"orders": 1, "business_date": "9999-12-31"}, "/business_date"),
        ({"orders": 1, "business_date": "0001-01-01"}, "/business_date"),
        ({"orders": 1, "site": "a b"}, "/site"), ({"orders": 1, "site": None}, "/site"),
    ],
)  # fmt: skip
def test_a_field_that_is_not_sound_is_named(ask: Callable[..., Any], fields: dict[str, Any], pointer: str) -> None:
    refused = ask(**fields)
    assert refused.status_code == 422
    assert pointer in {fault["pointer"] for fault in refused.get_json()["errors"]}


def test_only_administrators_ask_and_only_of_their_sites(
    ask: Callable[..., Any], key_of: Callable[..., dict[str, str]]
) -> None:
    assert ask(site="nowhere", orders=0).status_code == 404
    assert ask(key_of("view_dashboard", "view_financial"), orders=0).status_code == 403
    limited = key_of("admin", sites=["main"])
    assert ask(limited, orders=0).status_code == 200
    assert ask(limited, site="nowhere", orders=0).status_code == 403
    assert ask({}, orders=0).status_code == 401
