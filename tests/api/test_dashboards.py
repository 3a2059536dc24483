"""Dashboards by HTTP: ETag, If-Match, history, and the default layout."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

CARD = {
    "widget_id": "w1",
    "widget_type": "metric_card",
    "title": "Revenue",
    "position": {"x": 0, "y": 0, "w": 3, "h": 2},
    "config": {"query": {"metric": "revenue"}},
}
BODY = {"name": "Bar", "widgets": [CARD]}


@pytest.fixture
def made(client: Any, admin_key: dict[str, str]) -> Any:
    return client.post("/analytics/dashboards", json=BODY, headers=admin_key)


def test_a_new_dashboard_is_there_with_an_etag(client: Any, admin_key: dict[str, str], made: Any) -> None:
    assert made.status_code == 201
    path = made.headers["Location"]
    read = client.get(path, headers=admin_key)
    assert read.headers["ETag"] == made.headers["ETag"] == '"1"'
    shape = {"id", "name", "version", "owner", "widgets", "sharing"}
    assert set(read.get_json()) == shape
    assert client.get(path, headers={**admin_key, "If-None-Match": '"1"'}).status_code == 304
    listed = client.get("/analytics/dashboards", headers=admin_key).get_json()["dashboards"]
    assert made.get_json() in listed


def test_a_save_needs_the_version_that_was_read(client: Any, admin_key: dict[str, str], made: Any) -> None:
    path = made.headers["Location"]
    read = made.get_json()
    assert client.put(path, json=read, headers=admin_key).status_code == 428
    saved = client.put(path, json={**read, "name": "Bar 2"}, headers={**admin_key, "If-Match": '"1"'})
    assert (saved.status_code, saved.headers["ETag"]) == (200, '"2"')
    lost = client.put(path, json=read, headers={**admin_key, "If-Match": '"1"'})
    assert lost.status_code == 412
    assert lost.get_json()["code"] == "precondition_failed"
    assert client.get(path, headers=admin_key).get_json()["name"] == "Bar 2"
    assert client.put(path, json=read, headers={**admin_key, "If-Match": "*"}).headers["ETag"] == '"3"'


@pytest.mark.parametrize("given", ['"one"', "1", 'W/"1"', '"99999999999999999999"', '"1", "2"'])
def test_an_if_match_that_is_none_of_ours_is_refused(
    client: Any, admin_key: dict[str, str], made: Any, given: str
) -> None:
    headers = {**admin_key, "If-Match": given}
    assert client.put(made.headers["Location"], json=BODY, headers=headers).status_code == 422


def test_history_and_restore(client: Any, admin_key: dict[str, str], made: Any) -> None:
    path = made.headers["Location"]
    client.put(path, json={"name": "Empty", "widgets": []}, headers={**admin_key, "If-Match": '"1"'})
    versions = client.get(f"{path}/versions", headers=admin_key).get_json()["versions"]
    assert [(one["version"], one["name"]) for one in versions] == [(2, "Empty"), (1, "Bar")]
    restored = client.post(f"{path}/versions/1/restore", headers=admin_key)
    assert (restored.status_code, restored.headers["ETag"]) == (200, '"3"')
    assert restored.get_json()["widgets"] == [CARD]
    assert client.post(f"{path}/versions/9/restore", headers=admin_key).status_code == 404
    assert client.post(f"{path}/versions/{10**30}/restore", headers=admin_key).status_code == 404
    stale = {**admin_key, "If-Match": '"1"'}
    assert client.post(f"{path}/versions/1/restore", headers=stale).status_code == 412


def test_a_deleted_dashboard_is_gone(client: Any, admin_key: dict[str, str], made: Any) -> None:
    path = made.headers["Location"]
    assert client.delete(path, headers={**admin_key, "If-Match": '"7"'}).status_code == 412
    assert client.delete(path, headers=admin_key).status_code == 204
    assert client.get(path, headers=admin_key).status_code == 404
    assert client.delete(path, headers=admin_key).status_code == 404


def test_the_field_at_fault_is_named(client: Any, admin_key: dict[str, str]) -> None:
    bad = {**CARD, "config": {"query": {"metric": "luck"}}}
    answer = client.post(
        "/analytics/dashboards", json={"name": "Bar", "widgets": [CARD | {"widget_id": "a"}, bad]}, headers=admin_key
    )
    assert answer.status_code == 422
    assert answer.get_json()["errors"][0]["pointer"].startswith("/widgets/1/config")


def test_a_dashboard_is_its_owner_s(
    client: Any, made: Any, signed_in: Callable[..., dict[str, str]], user_of: Callable[..., str]
) -> None:
    path = made.headers["Location"]
    headers = {**signed_in(user_of("analyst")), "If-Match": '"1"'}
    assert client.get(path).status_code == 404
    assert client.put(path, json=BODY, headers=headers).status_code == 404
    assert client.delete(path, headers=headers).status_code == 404


def test_a_viewer_reads_and_changes_nothing(
    client: Any, signed_in: Callable[..., dict[str, str]], user_of: Callable[..., str]
) -> None:
    headers = signed_in(user_of("viewer"))
    own = client.get("/analytics/dashboard/layout/default").get_json()
    changed = client.put(f"/analytics/dashboards/{own['id']}", json=own, headers={**headers, "If-Match": '"1"'})
    assert changed.status_code == 403


@pytest.mark.parametrize(("role", "tables"), [("viewer", 0), ("analyst", 1), ("manager", 1)])
def test_the_default_layout_shows_staff_to_who_may_see_it(
    client: Any, signed_in: Callable[..., dict[str, str]], user_of: Callable[..., str], role: str, tables: int
) -> None:
    signed_in(user_of(role))
    kinds = [one["widget_type"] for one in client.get("/analytics/dashboard/layout/default").get_json()["widgets"]]
    assert kinds.count("metric_card") == 4
    assert kinds.count("table") == tables
    assert {"line_chart", "bar_chart", "pie_chart"} <= set(kinds)


def test_who_loses_the_sight_of_staff_loses_the_table(
    client: Any, services: Any, signed_in: Callable[..., dict[str, str]], user_of: Callable[..., str]
) -> None:
    name = user_of("analyst")
    signed_in(name)
    assert "table" in client.get("/analytics/dashboard/layout/default").text
    services.accounts.change(name, role="viewer")
    signed_in(name)
    assert '"table"' not in client.get("/analytics/dashboard/layout/default").text
