"""The metric card's figures."""

from __future__ import annotations

from tests.widgets.answers import answer, money
from widgets import change
from widgets.metric_card import MetricCardOptions, render, select

OPTIONS = MetricCardOptions.model_validate({"query": {"metric": "revenue", "compare": "previous_period"}})


def test_data_is_the_contracts() -> None:
    view = select([answer("revenue", total=money("112.50"), previous_total=money("100.00"), compared=True)], OPTIONS)
    assert view.data() == {
        "value": 112.5,
        "previous_value": 100.0,
        "change_percentage": 12.5,
        "unit": {"kind": "money", "currency": "EUR"},
    }


def test_change_is_null_where_there_was_nothing_before() -> None:
    view = select([answer("orders", total=5, previous_total=0, compared=True)], OPTIONS)
    assert view.data()["change_percentage"] is None
    assert "no comparison" in str(render(view, OPTIONS).to_plotly_json())


def test_zero_is_a_figure_and_not_the_lack_of_one() -> None:
    assert select([answer("orders", total=0)], OPTIONS).zero


def test_a_quotient_without_divisor_is_no_data() -> None:
    view = select([answer("average_order_value", total=None)], OPTIONS)
    assert view.nothing
    assert view.data()["value"] is None


def test_more_of_what_should_be_less_is_bad_news() -> None:
    up = money("3.0")
    assert change.tone(up, lower_is_better=False) == "good"
    assert change.tone(up, lower_is_better=True) == "bad"
    assert change.tone(-up, lower_is_better=True) == "good"
    assert change.tone(money("0.0"), lower_is_better=True) == "neutral"
    assert change.direction(-up) == "down"
