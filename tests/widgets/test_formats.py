"""Figures as JSON numbers and as text."""

from __future__ import annotations

from decimal import Decimal

import pytest

from services.metrics.answer import Unit
from widgets import formats

EUR, FRANC = Unit("money", "EUR", 2), Unit("money", "CHF", 2)
YEN, DINAR = Unit("money", "JPY", 0), Unit("money", "KWD", 3)
COUNT, RATIO, PER_ORDER = Unit("count"), Unit("ratio"), Unit("per_order")


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (Decimal("1234.50"), EUR, "€1,234.50"),
        (Decimal("-3.1"), EUR, "−€3.10"),
        (Decimal("1200"), YEN, "¥1,200"),
        (Decimal("1.5"), DINAR, "KWD 1.500"),
        (Decimal("12.5"), FRANC, "CHF 12.50"),
        (Decimal("2.345"), EUR, "€2.35"),
        (1234567, COUNT, "1,234,567"),
        (Decimal("2.500"), COUNT, "2.5"),
        (Decimal("0.1234"), RATIO, "12.3%"),
        (Decimal("0.1235"), RATIO, "12.4%"),
        (Decimal("2.4133"), PER_ORDER, "2.41"),
        (0, COUNT, "0"),
        (None, EUR, "–"),
    ],
)
def test_text_is_written_in_the_unit(value: Decimal | int | None, unit: Unit, expected: str) -> None:
    assert formats.text(value, unit) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("999", "€999"), ("1000", "€1k"), ("1234", "€1.2k"), ("12345", "€12.3k"), ("123456", "€123k"),
        ("999950", "€1M"), ("1234567", "€1.2M"), ("2500000000", "€2.5B"), ("-1500", "−€1.5k"), ("0.5", "€0.50"),
    ],
)  # fmt: skip
def test_compact_text_keeps_three_digits(value: str, expected: str) -> None:
    assert formats.text(Decimal(value), EUR, "compact") == expected


def test_brief_text_drops_minor_digits_only_where_they_are_nought() -> None:
    assert formats.brief(Decimal(5000), EUR) == "€5,000"
    assert formats.brief(Decimal("5000.10"), EUR) == "€5,000.10"
    assert formats.brief(None, EUR) == "–"


def test_numbers_are_rounded_half_up_at_the_edge() -> None:
    assert formats.number(Decimal("2.345"), EUR) == 2.35
    assert formats.number(Decimal("0.12345"), RATIO) == 0.1235
    assert formats.number(None, EUR) is None


def test_whole_numbers_stay_whole() -> None:
    for value, unit in ((Decimal("1200"), YEN), (Decimal("3.000"), COUNT), (7, COUNT)):
        assert isinstance(formats.number(value, unit), int)
    assert formats.number(Decimal("2.5"), COUNT) == 2.5


def test_percentages_bear_a_true_minus_and_a_sign_when_asked() -> None:
    assert formats.percent_text(Decimal("-4.1")) == "−4.1%"
    assert formats.percent_text(Decimal("12.4"), signed=True) == "+12.4%"
    assert formats.percent_text(Decimal("0.0"), signed=True) == "0.0%"
    assert formats.percent_text(None) == "–"
