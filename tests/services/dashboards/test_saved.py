from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from services.access.scope import ROLES, Scope
from services.dashboards.saved import VERSIONS_KEPT, Dashboards, without_what_is_hidden
from services.errors import InvalidRequest, NotFound, PreconditionFailed
from services.storage.engine import Store
from tests.backends.templates import BlankStore
from widgets import board

pytestmark = pytest.mark.stores("sqlite", "postgresql")

MIA = Scope("user:mia", ROLES["analyst"])
TOM = Scope("user:tom", ROLES["viewer"])
ADMIN = Scope("user:admin", ROLES["admin"])


def card(widget_id: str = "w1", x: int = 0) -> dict[str, Any]:
    return {
        "widget_id": widget_id,
        "widget_type": "metric_card",
        "title": "Revenue",
        "position": {"x": x, "y": 0, "w": 3, "h": 2},
        "config": {"query": {"metric": "revenue"}},
    }


@pytest.fixture
def dashboards(blank_store: BlankStore) -> Iterator[Dashboards]:
    with blank_store() as url:
        store = Store(url)
        yield Dashboards(store, lambda: 1_700_000_000_000_000, check=board.check)
        store.close()


def test_what_was_saved_is_read_again(dashboards: Dashboards) -> None:
    made = dashboards.create(MIA, "Bar", [card()])
    assert made.version == 1
    assert dashboards.get(made.id, MIA) == made
    assert made.data()["widgets"] == [card()]
    assert dashboards.list(MIA) == [made]


def test_another_s_dashboard_is_not_there_but_for_an_administrator(dashboards: Dashboards) -> None:
    made = dashboards.create(MIA, "Bar", [])
    for ask in (
        lambda: dashboards.get(made.id, TOM),
        lambda: dashboards.save(made.id, TOM, "Mine", [], 1),
        lambda: dashboards.delete(made.id, TOM),
        lambda: dashboards.versions(made.id, TOM),
        lambda: dashboards.restore(made.id, 1, TOM),
    ):
        with pytest.raises(NotFound):
            ask()
    assert dashboards.list(TOM) == []
    assert dashboards.get(made.id, ADMIN) == made


def test_of_two_editors_the_second_is_told(dashboards: Dashboards) -> None:
    made = dashboards.create(MIA, "Bar", [card()])
    saved = dashboards.save(made.id, MIA, "Bar", [card(x=3)], made.version)
    assert saved.version == 2
    with pytest.raises(PreconditionFailed):
        dashboards.save(made.id, MIA, "Bar", [card(x=6)], made.version)
    assert dashboards.get(made.id, MIA) == saved


def test_of_many_that_save_at_once_one_wins(dashboards: Dashboards) -> None:
    made = dashboards.create(MIA, "Bar", [])
    outcomes: list[str] = []

    def save(number: int) -> None:
        try:
            dashboards.save(made.id, MIA, f"Bar {number}", [], 1)
            outcomes.append("won")
        except PreconditionFailed:
            outcomes.append("lost")

    editors = [threading.Thread(target=save, args=(number,)) for number in range(8)]
    for editor in editors:
        editor.start()
    for editor in editors:
        editor.join()
    assert sorted(outcomes) == ["lost"] * 7 + ["won"]
    assert dashboards.get(made.id, MIA).version == 2


def test_an_earlier_version_comes_back_as_the_newest(dashboards: Dashboards) -> None:
    made = dashboards.create(MIA, "Bar", [card()])
    dashboards.save(made.id, MIA, "Empty", [], 1)
    restored = dashboards.restore(made.id, 1, MIA)
    assert (restored.version, restored.name, restored.widgets) == (3, "Bar", [card()])
    assert [one.version for one in dashboards.versions(made.id, MIA)] == [3, 2, 1]
    with pytest.raises(NotFound):
        dashboards.restore(made.id, 9, MIA)
    with pytest.raises(PreconditionFailed):
        dashboards.restore(made.id, 1, MIA, expected_version=2)


def test_only_the_last_versions_are_kept(dashboards: Dashboards) -> None:
    made = dashboards.create(MIA, "Bar", [])
    for version in range(1, VERSIONS_KEPT + 5):
        dashboards.save(made.id, MIA, "Bar", [], version)
    kept = [one.version for one in dashboards.versions(made.id, MIA)]
    assert kept == list(range(VERSIONS_KEPT + 5, 5, -1))


def test_deleting_takes_the_history_along(dashboards: Dashboards) -> None:
    made = dashboards.create(MIA, "Bar", [])
    with pytest.raises(PreconditionFailed):
        dashboards.delete(made.id, MIA, expected_version=7)
    dashboards.delete(made.id, MIA, expected_version=1)
    with pytest.raises(NotFound):
        dashboards.versions(made.id, MIA)


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"position": {"x": 10, "y": 0, "w": 3, "h": 2}}, "/widgets/0/position"),
        ({"position": {"x": 0, "y": 0, "w": 0, "h": 2}}, "/widgets/0/position/w"),
        ({"widget_id": "two words"}, "/widgets/0/widget_id"),
        ({"widget_type": "crystal_ball"}, "/widgets/0/widget_type"),
        ({"config": {"query": {"metric": "luck"}}}, "/widgets/0/config/query"),
        ({"config": {"query": {"metric": "revenue"}, "hidden": 1}}, "/widgets/0/config/hidden"),
        ({"extra": 1}, "/widgets/0/extra"),
    ],
)
def test_what_is_wrong_with_a_widget_is_named(dashboards: Dashboards, change: dict[str, Any], pointer: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        dashboards.create(MIA, "Bar", [{**card(), **change}])
    assert caught.value.pointer == pointer
    assert all(fault["pointer"] for fault in caught.value.errors)


def test_two_widgets_of_one_id_are_refused(dashboards: Dashboards) -> None:
    with pytest.raises(InvalidRequest):
        dashboards.create(MIA, "Bar", [card(), card(x=3)])


def test_everybody_starts_with_two_dashboards_of_their_own(dashboards: Dashboards) -> None:
    first = dashboards.ensure_defaults(MIA)
    assert [one.name for one in first] == ["Overview", "Patterns"]
    assert dashboards.ensure_defaults(MIA) == first
    assert {one.id for one in first}.isdisjoint(one.id for one in dashboards.ensure_defaults(TOM))


def test_the_default_dashboard_is_the_contract_s(dashboards: Dashboards) -> None:
    kinds = [widget["widget_type"] for widget in dashboards.ensure_defaults(MIA)[0].widgets]
    assert kinds == ["metric_card"] * 4 + ["line_chart", "table", "bar_chart", "pie_chart"]
    kinds = [widget["widget_type"] for widget in dashboards.ensure_defaults(TOM)[0].widgets]
    assert kinds == ["metric_card"] * 4 + ["line_chart", "bar_chart", "pie_chart"]


def test_the_two_defaults_show_all_ten_types(dashboards: Dashboards) -> None:
    kinds = {widget["widget_type"] for one in dashboards.ensure_defaults(MIA) for widget in one.widgets}
    assert kinds == set(board.BY_TYPE)


def test_no_two_widgets_of_a_default_overlap(dashboards: Dashboards) -> None:
    for scope in (MIA, TOM):
        for one in dashboards.ensure_defaults(scope):
            cells = [cell for widget in one.widgets for cell in _cells(widget["position"])]
            assert len(cells) == len(set(cells))


def _cells(place: dict[str, int]) -> list[tuple[int, int]]:
    columns, lines = range(place["x"], place["x"] + place["w"]), range(place["y"], place["y"] + place["h"])
    return [(x, y) for x in columns for y in lines]


def test_widgets_by_staff_are_hidden_from_who_may_not_see_staff(dashboards: Dashboards) -> None:
    own = dashboards.ensure_defaults(MIA)[0]
    hidden = without_what_is_hidden(own, TOM)
    assert len(hidden.widgets) == len(own.widgets) - 1
    assert without_what_is_hidden(own, MIA) == own


def test_saves_that_take_whatever_is_there_all_come_to_pass(dashboards: Dashboards) -> None:
    made = dashboards.create(MIA, "Bar", [])
    with ThreadPoolExecutor(8) as editors:
        list(editors.map(lambda number: dashboards.save(made.id, MIA, f"Bar {number}", [], None), range(8)))
    assert dashboards.get(made.id, MIA).version == 9
    assert [one.version for one in dashboards.versions(made.id, MIA)] == list(range(9, 0, -1))


def test_first_visits_at_one_moment_make_each_default_once(dashboards: Dashboards) -> None:
    with ThreadPoolExecutor(8) as visitors:
        seen = list(visitors.map(lambda _: dashboards.ensure_defaults(MIA), range(8)))
    assert all([one.name for one in own] == ["Overview", "Patterns"] for own in seen)
    for one in seen[0]:
        assert [kept.version for kept in dashboards.versions(one.id, MIA)] == [1]


@pytest.mark.parametrize("id", ["nothing", "not\x00text", ""])
def test_an_id_of_nothing_is_of_nothing_whatever_it_holds(dashboards: Dashboards, id: str) -> None:
    with pytest.raises(NotFound):
        dashboards.get(id, MIA)


def test_a_name_that_no_store_could_keep_is_refused(dashboards: Dashboards) -> None:
    with pytest.raises(InvalidRequest) as caught:
        dashboards.create(MIA, "Bar\x00", [])
    assert caught.value.pointer == "/name"


def test_dashboards_are_listed_by_name_the_same_way_in_every_store(dashboards: Dashboards) -> None:
    for name in ("bar", "Zoo", "Ärger", "apple", "Bar"):
        dashboards.create(MIA, name, [])
    assert [one.name for one in dashboards.list(MIA)] == ["Bar", "Zoo", "apple", "bar", "Ärger"]
