"""What describes the API, and what every answer tells the browser."""

from __future__ import annotations

import re
from typing import Any

import pytest

from api.operations import OPERATIONS
from api.permissions import ROUTES


def test_every_call_is_described_and_nothing_else(app: Any, client: Any) -> None:
    rules = [rule for rule in app.server.url_map.iter_rules() if rule.rule.startswith("/analytics/")]
    assert {rule.endpoint for rule in rules} == set(OPERATIONS)
    document = client.get("/analytics/openapi.json").get_json()
    assert document["openapi"] == "3.1.0"
    named = {one["operationId"] for methods in document["paths"].values() for one in methods.values()}
    assert named == set(OPERATIONS)


def test_every_reference_leads_somewhere(client: Any) -> None:
    answer = client.get("/analytics/openapi.json")
    names = set(re.findall(r'"#/components/schemas/([^"]+)"', answer.text))
    assert names <= set(answer.get_json()["components"]["schemas"])
    assert {"Problem", "OrderCompleted", "Query", "DashboardBody"} <= names
    assert "$defs" not in answer.text


def test_permissions_are_told(client: Any) -> None:
    paths = client.get("/analytics/openapi.json").get_json()["paths"]
    for methods in paths.values():
        for one in methods.values():
            wanted = ROUTES[one["operationId"]]
            assert one.get("x-permission") == (wanted.value if wanted else None)
            assert bool(one["security"]) == (wanted is not None)


def test_the_page_for_people_needs_nothing_from_elsewhere(client: Any) -> None:
    page = client.get("/analytics/docs").text
    assert "/analytics/widgets/data" in page
    assert "<script" not in page
    assert not re.search(r'(src|href)="(https?:)?//', page)


@pytest.mark.parametrize("path", ["/login", "/analytics/docs", "/analytics/health", "/analytics/nothing", "/"])
def test_every_answer_has_the_security_headers(client: Any, path: str) -> None:
    headers = client.get(path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    policy = dict(part.strip().partition(" ")[::2] for part in headers["Content-Security-Policy"].split(";"))
    assert "'unsafe-inline'" not in policy["script-src"]
    assert "'unsafe-eval'" not in policy["script-src"]
    assert policy["frame-ancestors"] == "'none'"


def test_the_page_runs_only_the_scripts_that_the_policy_knows(client: Any, admin_key: dict[str, str]) -> None:
    import base64
    import hashlib

    answer = client.get("/", headers=admin_key)
    inline = re.findall(r"<script>(.*?)</script>", answer.text, re.DOTALL)
    inline += re.findall(r'<script id="_dash-renderer" type="application/javascript">(.*?)</script>', answer.text)
    assert inline
    for script in inline:
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in answer.headers["Content-Security-Policy"]


def test_the_page_hands_out_the_csrf_token_of_the_session(client: Any, services: Any, signed_in: Any) -> None:
    headers = signed_in()
    client.get("/")
    assert client.get_cookie("pulseboard_csrf").value == headers["X-CSRF-Token"]
