"""What a limited administrator, or a client that invents things, cannot do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

NOWHERE = {"id": "page", "property": "children"}


@pytest.fixture
def of_one_site(services: Any, key_of: Callable[..., dict[str, str]]) -> dict[str, str]:
    """An administrator's key for the site main, where there is another."""
    services.sites.save("other", name="Other", tz="UTC", currency="USD", day_starts_at="00:00")
    return key_of("admin", "view_dashboard", "edit_dashboards", "write_events", sites=["main"])


def test_an_administrator_of_one_site_leaves_the_others_alone(
    client: Any, of_one_site: dict[str, str], admin_key: dict[str, str]
) -> None:
    told = client.post("/analytics/cache/invalidate", json={"pattern": "revenue@*"}, headers=of_one_site)
    assert told.get_json() == {"invalidated": ["revenue@main"]}
    body = {"name": "Board", "widgets": []}
    made = client.post("/analytics/dashboards", json=body, headers=admin_key).get_json()
    assert client.get(f"/analytics/dashboards/{made['id']}", headers=of_one_site).status_code == 404
    for path in ("stats", "connections"):
        assert client.get(f"/analytics/websocket/{path}", headers=of_one_site).status_code == 403
        assert client.get(f"/analytics/websocket/{path}", headers=admin_key).status_code == 200


def test_a_key_cannot_find_out_which_other_sites_there_are(client: Any, of_one_site: dict[str, str]) -> None:
    event = {"type": "customer_action", "occurred_at": "2026-03-01T12:00:00Z",
             "data": {"customer_id": "1", "action_type": "visit"}}  # fmt: skip
    told = [
        client.post("/analytics/events", json={**event, "site": site}, headers=of_one_site).get_json()["results"][0]
        for site in ("other", "nowhere")
    ]
    assert [one["errors"][0]["code"] for one in told] == ["forbidden", "forbidden"]


def test_a_component_suite_that_is_not_there_is_not_there(client: Any) -> None:
    assert client.get("/_dash-component-suites/x/y.js").status_code == 404


def _output_of(app: Any, name: str) -> str:
    """What a callback of ours fills, as Dash names it."""
    named = {getattr(one.get("callback"), "__name__", ""): output for output, one in app.callback_map.items()}
    return named[name]


@pytest.mark.parametrize(
    "change",
    [
        {"outputs": [NOWHERE]},
        {"outputs": None},
        {"outputs": []},
        {"changedPropIds": ['{"a":1.data']},
        {"changedPropIds": ["page.children"]},
    ],
)
def test_a_callback_fills_what_it_was_declared_to_and_nothing_else(
    app: Any, client: Any, signed_in: Callable[..., dict[str, str]], change: dict[str, Any]
) -> None:
    output = _output_of(app, "refresh")
    declared, (name, prop) = app.callback_map[output], output.split(".")
    body = {
        "output": output, "outputs": {"id": name, "property": prop}, "changedPropIds": ["live-signal.data"],
        "inputs": declared["inputs"], "state": declared["state"],
    }  # fmt: skip
    headers = signed_in()
    assert client.post("/_dash-update-component", json=body, headers=headers).status_code == 200
    assert client.post("/_dash-update-component", json=body | change, headers=headers).status_code == 422


@pytest.mark.parametrize("search", ["?now=2015-06-01t20:00:00z", 5, ["x"], {"a": 1}])
def test_any_address_opens_a_page(
    app: Any, client: Any, signed_in: Callable[..., dict[str, str]], search: object
) -> None:
    output = _output_of(app, "open_page")
    parts = [part.rpartition(".") for part in output.strip(".").split("...")]
    values = {"pathname": "/", "search": search}
    body = {
        "output": output, "outputs": [{"id": name, "property": prop} for name, _, prop in parts],
        "inputs": [one | {"value": values[one["property"]]} for one in app.callback_map[output]["inputs"]],
        "changedPropIds": [], "state": [],
    }  # fmt: skip
    assert client.post("/_dash-update-component", json=body, headers=signed_in()).status_code == 200
