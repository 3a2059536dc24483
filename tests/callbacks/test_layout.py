"""Moving cards: saved once, for the user, against the version that the page knows."""

from __future__ import annotations

from typing import Any

import pytest

from callbacks import layout
from services.access.scope import ROLES, Scope
from services.errors import InvalidRequest, NotFound, PreconditionFailed


def items(dashboard: Any, **moved: dict[str, int]) -> dict[str, Any]:
    """What the browser sends for a dashboard, with some cards elsewhere."""
    return {
        "items": [
            {"i": f"cell-{spec['widget_id']}", **spec["position"], **moved.get(spec["widget_id"], {})}
            for spec in dashboard.widgets
        ],
        "at": 1,
    }


def position(services: Any, scope: Scope, dashboard_id: str, widget_id: str) -> dict[str, int]:
    specs = services.dashboards.get(dashboard_id, scope).widgets
    return next(spec["position"] for spec in specs if spec["widget_id"] == widget_id)  # type: ignore[no-any-return]


def test_a_move_is_a_new_version(services: Any, manager: Scope) -> None:
    mine = services.dashboards.ensure_defaults(manager)[0]
    assert layout.move(services, manager, mine.id, mine.version, items(mine, revenue={"y": 20})) == mine.version + 1
    assert position(services, manager, mine.id, "revenue") == {"x": 0, "y": 20, "w": 3, "h": 3}
    assert position(services, manager, mine.id, "orders")["y"] == 0


def test_what_has_not_moved_is_not_saved(services: Any, manager: Scope) -> None:
    mine = services.dashboards.ensure_defaults(manager)[0]
    assert layout.move(services, manager, mine.id, mine.version, items(mine)) is None
    assert services.dashboards.get(mine.id, manager).version == mine.version


def test_the_second_of_two_moves_at_once_is_refused(services: Any, manager: Scope) -> None:
    mine = services.dashboards.ensure_defaults(manager)[0]
    layout.move(services, manager, mine.id, mine.version, items(mine, revenue={"y": 20}))
    with pytest.raises(PreconditionFailed):
        layout.move(services, manager, mine.id, mine.version, items(mine, orders={"y": 30}))
    assert position(services, manager, mine.id, "revenue")["y"] == 20


def test_anothers_dashboard_is_not_there(services: Any, manager: Scope) -> None:
    mine = services.dashboards.ensure_defaults(manager)[0]
    with pytest.raises(NotFound):
        layout.move(services, Scope("user:ben", ROLES["manager"]), mine.id, mine.version, items(mine))


@pytest.mark.parametrize(
    "change",
    [
        {"items": [{"i": "cell-revenue", "x": 0}]},
        {"items": ["revenue"]},
        {"items": [{"i": "cell-revenue", "x": 11, "y": 0, "w": 3, "h": 3}]},
        {"items": [{"i": "cell-revenue", "x": "left", "y": 0, "w": 3, "h": 3}]},
        {"items": [{"i": "cell-revenue", "x": 0, "y": 10**12, "w": 3, "h": 3}]},
    ],
)
def test_places_that_are_none_are_refused(services: Any, manager: Scope, change: Any) -> None:
    mine = services.dashboards.ensure_defaults(manager)[0]
    with pytest.raises(InvalidRequest):
        layout.move(services, manager, mine.id, mine.version, change)


@pytest.mark.parametrize("version", [None, "1", 1.5, True])
def test_a_move_says_which_version_it_moves(services: Any, manager: Scope, version: Any) -> None:
    mine = services.dashboards.ensure_defaults(manager)[0]
    with pytest.raises(InvalidRequest):
        layout.move(services, manager, mine.id, version, items(mine, revenue={"y": 20}))
