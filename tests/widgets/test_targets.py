"""Gauge, progress bar and KPI card: figures against bounds and targets."""

from __future__ import annotations

from typing import Any

import pytest

from tests.widgets.answers import answer, money
from widgets import gauge, kpi_card, progress_bar

EUR = {"kind": "money", "currency": "EUR"}


def kpi(current: str, target: Any = 100) -> dict[str, Any]:
    asked = kpi_card.KpiCardOptions.model_validate({"query": {"metric": "revenue"}, "target": target})
    return kpi_card.select([answer("revenue", total=money(current))], asked).data()


def test_kpi_expects_the_elapsed_share_of_its_target() -> None:
    assert kpi("45.50") == {
        "current": 45.5,
        "target": 100.0,
        "percentage": 45.5,
        "expected_by_now": 50.0,
        "status": "at_risk",
        "unit": EUR,
    }


@pytest.mark.parametrize(
    ("current", "status"),
    [("100.00", "met"), ("99.99", "on_track"), ("50.00", "on_track"), ("49.99", "at_risk"), ("45.00", "at_risk"),
     ("44.99", "off_track")],
)  # fmt: skip
def test_kpi_status_turns_at_its_bounds(current: str, status: str) -> None:
    assert kpi(current)["status"] == status


def test_progress_passes_its_target() -> None:
    asked = progress_bar.ProgressBarOptions.model_validate({"query": {"metric": "orders"}, "target": 40})
    view = progress_bar.select([answer("orders", total=50)], asked)
    assert view.data() == {
        "current_value": 50,
        "target_value": 40,
        "percentage": 125.0,
        "unit": {"kind": "count", "currency": None},
    }
    assert "above the target" in str(progress_bar.render(view, asked))


def test_progress_to_nowhere_has_no_percentage() -> None:
    asked = progress_bar.ProgressBarOptions.model_validate({"query": {"metric": "orders"}, "target": 0})
    assert progress_bar.select([answer("orders", total=5)], asked).data()["percentage"] is None


def test_a_target_is_taken_as_it_was_written() -> None:
    assert kpi("0.10", 0.1)["status"] == "met"


def test_gauge_percentage_is_of_the_way_and_not_clamped() -> None:
    thresholds = [{"at": 90, "color": "green"}, {"at": 50, "color": "#c98a1b"}]
    config = {"query": {"metric": "revenue"}, "min": 50, "max": 100, "thresholds": thresholds}
    view = gauge.select([answer("revenue", total=money("110.00"))], gauge.GaugeOptions.model_validate(config))
    assert view.data() == {
        "value": 110.0,
        "min": 50.0,
        "max": 100.0,
        "percentage": 120.0,
        "thresholds": [{"at": 50.0, "color": "#c98a1b"}, {"at": 90.0, "color": "green"}],
        "unit": EUR,
    }


def test_gauge_of_a_ratio_ends_at_one_and_others_need_an_end() -> None:
    ratio = gauge.GaugeOptions.model_validate({"query": {"metric": "payment_success_rate"}})
    view = gauge.select([answer("payment_success_rate", total=money("0.9500"))], ratio)
    assert view.data()["percentage"] == 95.0
    with pytest.raises(ValueError, match="max: needed"):
        gauge.GaugeOptions.model_validate({"query": {"metric": "revenue"}})
    with pytest.raises(ValueError, match="greater than min"):
        gauge.GaugeOptions.model_validate({"query": {"metric": "revenue"}, "min": 5, "max": 5})


def test_a_quotient_that_nothing_divides_is_no_data() -> None:
    ratio = gauge.GaugeOptions.model_validate({"query": {"metric": "payment_success_rate"}})
    view = gauge.select([answer("payment_success_rate", total=None)], ratio)
    assert view.nothing == "Nothing to divide by yet."
    assert (view.data()["value"], view.data()["percentage"]) == (None, None)


@pytest.mark.parametrize("color", ["red;", "url(x)", "#12", "mauve", "#5b7cfa;}"])
def test_colours_are_names_or_numbers_and_nothing_else(color: str) -> None:
    with pytest.raises(ValueError, match="color"):
        gauge.GaugeOptions.model_validate({"query": {"metric": "revenue"}, "max": 5, "color": color})
