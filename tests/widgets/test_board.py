"""The board: one call for all, one bad widget spoils no other."""

from __future__ import annotations

from typing import Any

import pytest

from services.errors import Forbidden, InvalidRequest
from tests.widgets.answers import NOON, FakeReading, FakeSnapshots, answer, money
from widgets import REGISTRY, board


def card(widget_id: str, metric: str, **config: Any) -> dict[str, Any]:
    return {"widget_id": widget_id, "widget_type": "metric_card", "config": {"query": {"metric": metric}, **config}}


def test_all_widgets_are_read_in_one_call() -> None:
    snapshots = FakeSnapshots(revenue=answer("revenue", total=money("5.00")), orders=answer("orders", total=2))
    board.read([card("a", "revenue"), card("b", "orders"), card("c", "revenue")], snapshots)
    assert [[query.metric for query in call] for call in snapshots.calls] == [["revenue", "orders", "revenue"]]


def test_an_answer_for_each_in_the_contracts_shape() -> None:
    readings = board.read([card("a", "orders")], FakeSnapshots(orders=answer("orders", total=2)))
    assert readings["a"].data() == {
        "widget_type": "metric_card",
        "status": "ok",
        "error": None,
        "cache_status": "fresh",
        "timestamp": "2015-06-01T12:00:00+00:00",
        "data": {
            "value": 2,
            "previous_value": None,
            "change_percentage": None,
            "unit": {"kind": "count", "currency": None},
        },
    }
    assert readings["a"].zone == "Europe/Berlin"


def test_bad_widgets_are_told_and_their_neighbours_answered() -> None:
    snapshots = FakeSnapshots(
        orders=answer("orders", total=2), customers=Forbidden("not yours"), tips=answer("tips", has_facts=False)
    )
    requests = [
        card("unknown-metric", "fame"),
        {"widget_id": "unknown-type", "widget_type": "crystal_ball", "config": {}},
        {"widget_id": "no-config", "widget_type": "metric_card"},
        card("typo", "orders", colour="red"),
        card("refused", "customers"),
        card("nothing", "tips"),
        card("good", "orders"),
    ]
    readings = board.read(requests, snapshots)
    said = {key: (one.status, one.error and one.error.code) for key, one in readings.items()}
    assert said == {
        "unknown-metric": ("error", "invalid"),
        "unknown-type": ("error", "invalid"),
        "no-config": ("error", "invalid"),
        "typo": ("error", "invalid"),
        "refused": ("error", "forbidden"),
        "nothing": ("no_data", "no_data"),
        "good": ("ok", None),
    }
    assert list(readings) == [request["widget_id"] for request in requests]
    assert [key for key in said if readings[key].data()["data"] is not None] == ["nothing", "good"]


def test_a_fault_is_named_by_its_place() -> None:
    with pytest.raises(InvalidRequest) as caught:
        board.check(card("a", "orders", target="much"))
    assert caught.value.pointer == "/config/target"
    assert "config.target" in caught.value.detail


def test_the_worst_of_several_answers_marks_the_widget() -> None:
    request = {
        "widget_id": "t",
        "widget_type": "table",
        "config": {"query": {"group_by": ["channel"]}, "metrics": ["revenue", "orders"]},
    }
    older = FakeReading(answer("orders", ["channel"]), None, "stale", NOON - 7)
    reading = board.read([request], lambda queries: [FakeReading(answer("revenue", ["channel"])), older])["t"]
    assert (reading.cache_status, reading.timestamp) == ("stale", NOON - 7)


def test_nothing_is_asked_for_nothing() -> None:
    snapshots = FakeSnapshots()
    assert board.read([], snapshots) == {}
    assert snapshots.calls == []


def test_the_ten_types_of_the_contract_are_registered() -> None:
    assert {widget.type for widget in REGISTRY} == {
        "metric_card", "line_chart", "bar_chart", "pie_chart", "table", "gauge", "progress_bar", "sparkline",
        "heatmap", "kpi_card",
    }  # fmt: skip
