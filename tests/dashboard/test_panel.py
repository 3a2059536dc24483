"""The card's body: no data, zero, error and stale are told apart, and every part can be changed alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from dash.development.base_component import Component

from dashboard import panel
from services.errors import StoreUnavailable
from services.metrics.answer import Answer
from tests.widgets.answers import FakeReading, answer
from widgets import REGISTRY, board


def read(given: Answer | None, **more: Any) -> board.WidgetReading:
    request = {"widget_id": "w", "widget_type": "metric_card", "config": {"query": {"metric": "orders"}}}
    return board.read([request], lambda queries: [FakeReading(given, **more)])["w"]


def texts(node: Any) -> str:
    if isinstance(node, Component):
        return texts(getattr(node, "children", None))
    if isinstance(node, list):
        return " ".join(filter(None, map(texts, node)))
    return "" if node is None else str(node)


@pytest.mark.parametrize(
    ("reading", "state", "cache", "said"),
    [
        (read(answer("orders", total=5)), "ok", "fresh", "5"),
        (read(answer("orders", total=5), cache_status="cached"), "ok", "cached", "as of 14:00:00"),
        (read(answer("orders", total=0)), "zero", "fresh", "0"),
        (read(answer("orders", total=0, has_facts=False)), "no_data", "fresh", "No data"),
        (read(None, error=StoreUnavailable("The store is locked.")), "error", "none", "The store is locked."),
        (read(answer("orders", total=5), cache_status="stale"), "ok", "stale", "stale as of 14:00:00"),
    ],
)
def test_states_are_told_apart(reading: board.WidgetReading, state: str, cache: str, said: str) -> None:
    props = panel.filled("body-w", reading)
    assert (props["data-state"], props["data-cache"], props["aria-busy"]) == (state, cache, "false")
    assert said in texts(props["children"])


def test_as_of_is_the_sites_time_and_a_failed_try_says_so() -> None:
    assert "as of 14:00:00" in texts(panel.as_of(read(answer("orders", total=5))))
    assert "tried 12:00:00 UTC" in texts(panel.as_of(read(None, error=StoreUnavailable("no"))))


def components(node: Any) -> Iterator[Component]:
    if isinstance(node, Component):
        yield node
        yield from components(getattr(node, "children", None))
    elif isinstance(node, list):
        for child in node:
            yield from components(child)


def test_every_part_bears_an_id_by_its_place() -> None:
    props = panel.filled("body-w", read(answer("orders", total=5)))
    parts = list(components(props["children"]))
    assert all(str(part.id).startswith("body-w-") for part in parts)
    assert len({part.id for part in parts}) == len(parts)


def test_a_card_is_named_by_its_widget_or_its_metric() -> None:
    assert panel.title_of({"title": "Lunch", "widget_type": "gauge", "config": {}}) == "Lunch"
    untitled = {"title": "", "widget_type": "metric_card", "config": {"query": {"metric": "tips"}}}
    assert panel.title_of(untitled) == "Tips"
    unnamed = {"title": "", "widget_type": "pie_chart", "config": {"query": {}}}
    assert panel.title_of(unnamed) == "Pie chart"


def test_every_type_has_a_skeleton() -> None:
    for widget in REGISTRY:
        assert panel.skeleton(widget.type).children
