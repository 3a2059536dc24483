"""The grid's layouts: the stored wide one, and the narrower ones that are made from it."""

from __future__ import annotations

from typing import Any

from dashboard import grid, ids


def spec(widget_id: str, x: int, y: int, w: int, h: int = 3) -> dict[str, Any]:
    place = {"x": x, "y": y, "w": w, "h": h}
    return {"widget_id": widget_id, "widget_type": "metric_card", "position": place, "config": {}, "title": widget_id}


SPECS = [
    spec("b", 3, 0, 3), spec("a", 0, 0, 3), spec("line", 0, 3, 8, 8), spec("table", 8, 3, 4, 7), spec("pie", 0, 11, 5),
]  # fmt: skip


def places(items: list[dict[str, Any]]) -> dict[str, tuple[int, ...]]:
    return {ids.widget_of(item["i"]): tuple(item[key] for key in "xywh") for item in items}


def test_one_column_reads_like_the_wide_layout() -> None:
    assert places(grid.narrow(SPECS)) == {
        "a": (0, 0, 1, 3), "b": (0, 3, 1, 3), "line": (0, 6, 1, 8), "table": (0, 14, 1, 7), "pie": (0, 21, 1, 3),
    }  # fmt: skip


def test_small_neighbours_share_a_line_on_a_tablet_and_nothing_is_left_beside_a_gap() -> None:
    assert places(grid.medium(SPECS)) == {
        "a": (0, 0, 3, 3), "b": (3, 0, 3, 3), "line": (0, 3, 6, 8), "table": (0, 11, 6, 7), "pie": (0, 18, 6, 3),
    }  # fmt: skip


def test_places_come_back_by_widget() -> None:
    sent = [{"i": "cell-a", "x": 1, "y": 2, "w": 3, "h": 4, "minW": 2, "moved": False}]
    assert grid.positions(sent) == {"a": {"x": 1, "y": 2, "w": 3, "h": 4}}


def test_a_layout_holds_titles_and_no_data() -> None:
    drawn = grid.grid(SPECS)
    assert [card.id for card in drawn.children] == [ids.cell(one["widget_id"]) for one in SPECS]
    bodies = [card.children[1] for card in drawn.children]
    assert {getattr(body, "data-state") for body in bodies} == {"loading"}
