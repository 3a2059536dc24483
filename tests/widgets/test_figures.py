"""Axes: round ticks that enclose what is drawn."""

from __future__ import annotations

from decimal import Decimal

import pytest

from services.metrics.answer import Unit
from widgets import figures


@pytest.mark.parametrize(
    ("values", "whole", "expected"),
    [
        (["650"], False, ["0", "200", "400", "600", "800"]),
        (["0.9"], False, ["0", "0.25", "0.50", "0.75", "1.00"]),
        (["-50", "100"], False, ["-50", "0", "50", "100"]),
        (["3"], True, ["0", "1", "2", "3"]),
        (["0"], True, ["0", "1"]),
        ([], False, ["0", "1"]),
    ],
)
def test_ticks_are_round_and_enclose_nought_and_all_values(values: list[str], whole: bool, expected: list[str]) -> None:
    assert figures.nice_ticks([Decimal(value) for value in values], whole=whole) == [Decimal(text) for text in expected]


def test_an_axis_of_money_reads_as_money() -> None:
    axis = figures.value_axis([Decimal(3900), None], Unit("money", "EUR", 2))
    assert axis["ticktext"] == ["€0", "€1k", "€2k", "€3k", "€4k"]


def test_positions_are_thinned_evenly() -> None:
    axis = figures.position_axis([str(at) for at in range(24)], 8)
    assert axis["ticktext"] == ["0", "3", "6", "9", "12", "15", "18", "21"]
