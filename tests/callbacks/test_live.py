"""One signal reads the widgets that it names, from their saved configs, in one call."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from dash._utils import to_json

from callbacks import live, view
from services.access.scope import ROLES, Scope
from services.errors import NotFound

PLAIN = view.View()


def read(services: Any, scope: Scope, *named: str, dashboard: str | None = None) -> dict[str, Any]:
    shown = dashboard or services.dashboards.ensure_defaults(scope)[0].id
    bodies = live.bodies(services, scope, shown, frozenset(named) or None, PLAIN)
    return json.loads(to_json(bodies))  # type: ignore[no-any-return]


def test_only_the_named_widgets_are_read(services: Any, manager: Scope, order: Callable[..., None]) -> None:
    order("1", "42.50")
    bodies = read(services, manager, "revenue", "orders", "no-such-widget")
    assert set(bodies) == {"body-revenue", "body-orders"}
    assert "$42.50" in json.dumps(bodies["body-revenue"])
    assert bodies["body-revenue"]["data-state"] == "ok"


def test_all_widgets_are_read_in_one_call(services: Any, manager: Scope, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    genuine = services.snapshots.read

    def counted(queries: list[Any], scope: Scope) -> Any:
        calls.append(len(queries))
        return genuine(queries, scope)

    monkeypatch.setattr(services.snapshots, "read", counted)
    assert len(read(services, manager)) == 8
    assert calls == [10]  # the staff table asks three


def test_anothers_dashboard_is_not_there(services: Any, manager: Scope) -> None:
    theirs = services.dashboards.ensure_defaults(manager)[0].id
    with pytest.raises(NotFound):
        read(services, Scope("user:ben", ROLES["manager"]), dashboard=theirs)


def test_a_viewer_sees_no_staff(services: Any, order: Callable[..., None]) -> None:
    order("1", "42.50", staff_id="7", staff_name="Mia")
    viewer = Scope("user:vera", ROLES["viewer"])
    bodies = read(services, viewer)
    assert "body-top-staff" not in bodies
    assert "Mia" not in json.dumps(bodies)


@pytest.mark.parametrize("signal", [None, 7, "x", {}, {"ids": "revenue"}, {"ids": None}])
def test_a_signal_that_names_nothing_means_all(signal: Any) -> None:
    assert live.widgets_named(signal) is None


def test_a_signal_is_answered_by_its_number() -> None:
    assert live.signal_number({"ids": [], "n": 12}) == 12
    assert live.signal_number({"n": "12"}) == 0
    assert live.signal_number(None) == 0
    assert live.widgets_named({"ids": ["a", 3]}) == {"a", "3"}
