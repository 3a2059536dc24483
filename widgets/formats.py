"""How figures are written: as JSON numbers for programs, as text for people.

Nothing here knows a widget or a query; it needs a value and its unit. This is the one place where a Decimal
becomes a binary float, at the very edge and already rounded.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

from services.metrics.answer import Unit, Value

Style = Literal["full", "compact"]
Number = int | float | None

DASH = "–"
MINUS = "−"
RATIO_DIGITS = 4
QUANTITY_DIGITS = 3

SYMBOLS = {
    "USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "CNY": "CN¥", "INR": "₹", "KRW": "₩", "BRL": "R$", "PLN": "zł ",
    "CAD": "CA$", "AUD": "A$", "NZD": "NZ$", "HKD": "HK$", "SGD": "S$", "MXN": "MX$", "ILS": "₪", "TRY": "₺",
    "UAH": "₴", "VND": "₫", "NGN": "₦", "THB": "฿", "PHP": "₱",
}  # fmt: skip
"""Signs that cannot be mistaken for another currency's; all others are written by their code."""

_STEPS = ((Decimal(10**9), "B"), (Decimal(10**6), "M"), (Decimal(10**3), "k"))


def number(value: Value, unit: Unit) -> Number:
    """The value as a JSON number with the unit's decimals; whole numbers stay whole."""
    if value is None or isinstance(value, int):
        return value
    digits = _digits(unit)
    rounded = round_half_up(value, digits)
    if digits == 0 or (unit.kind == "count" and rounded == rounded.to_integral_value()):
        return int(rounded)
    return float(rounded)


def percent_number(value: Decimal | None) -> Number:
    """A percentage, already of one decimal, as a JSON number."""
    return None if value is None else float(value)


def text(value: Value, unit: Unit, style: Style = "full") -> str:
    """The value as people read it: `$1,234.50`, `1,234`, `12.3%`, `2.41`; compact: `$1.2k`."""
    if value is None:
        return DASH
    amount = Decimal(value)
    sign = MINUS if amount < 0 else ""
    return sign + _prefix(unit) + _magnitude(abs(amount), unit, style)


def brief(value: Value, unit: Unit, style: Style = "full") -> str:
    """As `text`, but money without minor digits where they are all 0: for targets, which are round."""
    if style == "full" and value is not None and unit.kind == "money" and value == int(value):
        unit = Unit(unit.kind, unit.currency, 0)
    return text(value, unit, style)


def percent_text(value: Decimal | None, *, signed: bool = False) -> str:
    """A percentage as people read it: `12.4%`, signed `+12.4%`."""
    if value is None:
        return DASH
    sign = MINUS if value < 0 else "+" if signed and value > 0 else ""
    return f"{sign}{abs(value):,.1f}%"


def round_half_up(value: Decimal, digits: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)


def _digits(unit: Unit) -> int:
    return {"money": unit.digits, "count": QUANTITY_DIGITS, "ratio": RATIO_DIGITS, "per_order": RATIO_DIGITS}[unit.kind]


def _prefix(unit: Unit) -> str:
    if unit.kind != "money" or unit.currency is None:
        return ""
    return SYMBOLS.get(unit.currency, f"{unit.currency} ")


def _magnitude(amount: Decimal, unit: Unit, style: Style) -> str:
    if unit.kind == "ratio":
        percent = amount * 100
        return f"{_trimmed(percent, 1) if style == 'compact' else round_half_up(percent, 1)}%"
    if style == "compact" and amount >= 1000:
        return _compact(amount)
    if unit.kind == "count":
        return _trimmed(amount, QUANTITY_DIGITS)
    if unit.kind == "money" and style == "compact" and amount == amount.to_integral_value():
        return f"{amount:,.0f}"
    return f"{round_half_up(amount, unit.digits if unit.kind == 'money' else 2):,f}"


def _compact(amount: Decimal) -> str:
    """Three significant digits and a letter; 999,950 is already 1M."""
    for step, letter in _STEPS:
        if round_half_up(amount / step, 1) >= 1:
            return _trimmed(amount / step, 1 if amount / step < 100 else 0) + letter
    return _trimmed(amount, 1)


def _trimmed(amount: Decimal, digits: int) -> str:
    """Grouped thousands, without zeros at the end of its decimals."""
    written = f"{round_half_up(amount, digits):,f}"
    return written.rstrip("0").rstrip(".") if "." in written else written
