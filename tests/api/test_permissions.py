"""The one table: nothing is served that it does not name, and what it asks for is asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from dash import Input, Output

from api.dash_route import callback_name
from api.permissions import CALLBACKS, ROUTES
from services.access.scope import Permission


def test_every_route_is_in_the_table_and_every_line_of_it_is_a_route(app: Any) -> None:
    assert {rule.endpoint for rule in app.server.url_map.iter_rules()} == set(ROUTES)


def test_every_callback_is_in_the_table_and_every_line_of_it_is_a_callback(app: Any, client: Any) -> None:
    client.get("/analytics/health/live")  # Dash gathers its callbacks at its first request
    registered = [one["callback"] for one in app.callback_map.values() if "callback" in one]
    assert {callback_name(one) for one in registered} == set(CALLBACKS)
    assert len(registered) == len(CALLBACKS), "two callbacks share a name"


def test_an_unlisted_route_is_refused(app: Any, client: Any, admin_key: dict[str, str]) -> None:
    app.server.add_url_rule("/analytics/forgotten", "forgotten", lambda: "secret")
    assert client.get("/analytics/forgotten", headers=admin_key).status_code == 403


def test_an_unlisted_callback_is_refused(app: Any, client: Any, admin_key: dict[str, str]) -> None:
    @app.callback(Output("page", "title"), Input("page", "lang"))
    def forgotten(lang: str) -> str:
        return lang

    body = {"output": "page.title", "outputs": {"id": "page", "property": "title"}, "changedPropIds": ["page.lang"]}
    body |= {"inputs": [{"id": "page", "property": "lang", "value": "en"}]}
    assert client.post("/_dash-update-component", json=body, headers=admin_key).status_code == 403


# The socket's route is for upgrades alone; its refusals are tested with it.
GUARDED = [(name, wanted) for name, wanted in ROUTES.items() if wanted is not None and name != "realtime_dashboard"]


@pytest.mark.parametrize(("endpoint", "permission"), GUARDED, ids=[endpoint for endpoint, _ in GUARDED])
def test_a_guarded_route_refuses_strangers_and_who_lacks_its_permission(
    app: Any, client: Any, key_of: Callable[..., dict[str, str]], endpoint: str, permission: Permission
) -> None:
    rule = next(rule for rule in app.server.url_map.iter_rules() if rule.endpoint == endpoint)
    path = rule.rule.replace("<int(max=2147483647):version>", "1")
    for name in rule.arguments - {"version"}:
        path = path.replace(f"<path:{name}>", "anything").replace(f"<{name}>", "anything")
    method = min((rule.methods or set()) - {"HEAD", "OPTIONS"})
    stranger = client.open(path, method=method)
    assert stranger.status_code == (302 if endpoint in ("/", "/<path:path>") else 401)
    others = [one.value for one in Permission if one is not permission]
    refused = client.open(path, method=method, headers=key_of(*others))
    assert refused.status_code == 403
    assert permission.value in refused.get_json()["detail"]


def test_an_unknown_key_is_refused_even_beside_a_good_session(client: Any, signed_in: Callable[..., Any]) -> None:
    signed_in()
    assert client.get("/analytics/sites").status_code == 200
    assert client.get("/analytics/sites", headers={"Authorization": "Bearer pb_no"}).status_code == 401
    assert client.get("/analytics/sites", headers={"Authorization": "Basic YTpi"}).status_code == 401


def test_a_revoked_key_and_a_disabled_user_are_out_at_the_next_request(
    client: Any, services: Any, signed_in: Callable[..., Any], user_of: Callable[..., str]
) -> None:
    token, key = services.keys.create("screen", ["view_dashboard"])
    headers = {"Authorization": f"Bearer {token}"}
    assert client.get("/analytics/sites", headers=headers).status_code == 200
    services.keys.revoke(key.id)
    assert client.get("/analytics/sites", headers=headers).status_code == 401
    name = user_of("viewer")
    signed_in(name)
    assert client.get("/analytics/sites").status_code == 200
    services.accounts.change(name, disabled=True)
    assert client.get("/analytics/sites").status_code == 401
