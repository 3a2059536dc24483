"""The kinds of values that fields of an event hold: which spellings are taken, and what each becomes. Pure.

Money and numbers become decimal text, ids text, times an Instant. Each kind is told twice in its annotation: to
pydantic, which names every fault, and as `Ordinary`, by which sound values are told much sooner.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, Any, Literal

from msgspec import Meta
from pydantic import BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from services import clock

EARLIEST = clock.to_instant(datetime(1971, 1, 1, tzinfo=UTC))
MAX_TEXT = 10_000
QUANTITY_DIGITS = 3

MONEY_PATTERN = r"^-?\d{1,12}(\.\d{1,4})?$"

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  # in UTC, like what is counted from it
_MICROSECOND = timedelta(microseconds=1)
_RFC3339 = re.compile(r"(\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,30})?)([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_MONEY = re.compile(r"-?\d{1,12}(\.\d{1,4})?", re.ASCII)
_NUMBER = re.compile(r"-?\d{1,12}(\.\d{1,9})?", re.ASCII)
_NO_NULL = r"^[^\x00]*$"

# The same prices and quantities come again and again. Only sound values are kept, and those are short.
_remembered = lru_cache(maxsize=16_384)


@dataclass(frozen=True, slots=True)
class Ordinary:
    """What nearly all values of a kind are, as a type for msgspec, and what reads them (None: they stay).

    `read` raises for a value that is not sound after all. Texts may hold U+0000 or a lone surrogate here.
    """

    type: Any
    read: Callable[[Any], Any] | None = None


def fail(code: str, detail: str) -> PydanticCustomError:
    return PydanticCustomError(code, detail)


@_remembered
def plain(text: str) -> str:
    """A decimal without needless zeros or sign: one text for each number."""
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return text if "1" <= text[0] <= "9" or text == "0" else format(Decimal(text) + 0, "f")


def money(value: Any) -> str:
    if type(value) is not str or not _MONEY.fullmatch(value):
        raise fail("wrong_type", 'must be a decimal string such as "42.50", of at most 12 digits before the point')
    return value


def money_from_zero(value: Any) -> str:
    text = money(value)
    if text[0] == "-":
        raise fail("out_of_range", "must not be negative")
    return text


def money_above_zero(value: Any) -> str:
    text = money_from_zero(value)
    if not text.strip("0."):
        raise fail("out_of_range", "must be greater than 0")
    return text


def number(value: Any) -> str:
    text = repr(value) if isinstance(value, int | float) and not isinstance(value, bool) else value
    if isinstance(value, float) and ("e" in text or "n" in text):
        text = format(Decimal(text), "f") if abs(value) < 1e12 else ""
    if not isinstance(text, str) or not _NUMBER.fullmatch(text):
        raise fail("wrong_type", "must be a number or a decimal string, of at most 12 digits before the point")
    return plain(text)


def quantity(value: Any) -> str:
    text = number(value)
    if len(text.partition(".")[2]) > QUANTITY_DIGITS:
        raise fail("out_of_range", f"must have at most {QUANTITY_DIGITS} decimals")
    return text


def instant(value: Any) -> int:
    """The instant of an RFC 3339 time."""
    written = _RFC3339.fullmatch(value) if isinstance(value, str) else None
    if written is None:
        raise fail("wrong_type", "must be an RFC 3339 time with an offset, such as 2026-03-01T12:30:05+01:00")
    try:
        found = (datetime.fromisoformat(written[1]) - _EPOCH) // _MICROSECOND - _ahead_of_utc(written[3])
    except ValueError:
        raise fail("invalid", "is not a time that exists") from None
    if found < EARLIEST:
        raise fail("out_of_range", "must not lie before 1971")
    return found


@lru_cache(maxsize=64)
def _ahead_of_utc(offset: str) -> int:
    """An offset in microseconds. It is taken off apart, since naive datetimes are told apart ten times sooner."""
    ahead = datetime.fromisoformat(f"2000-01-01T00:00:00{offset.upper()}").utcoffset()
    return (ahead or timedelta(0)) // _MICROSECOND


_DECIMAL_SCHEMA = WithJsonSchema({"type": "string", "pattern": MONEY_PATTERN, "examples": ["42.50"]})
_NUMBER_SCHEMA = WithJsonSchema({"type": "number", "minimum": -999_999_999_999, "maximum": 999_999_999_999})
_ID_SCHEMA = WithJsonSchema({"type": "string", "minLength": 1, "maxLength": 128})
_TIME_SCHEMA = WithJsonSchema({"type": "string", "format": "date-time"})
_AS_NUMBER = int | float | str

Text = Annotated[
    str, Field(max_length=MAX_TEXT, strict=True, pattern=_NO_NULL), Ordinary(Annotated[str, Meta(max_length=MAX_TEXT)])
]
Name = Annotated[
    str,
    Field(min_length=1, max_length=200, strict=True, pattern=_NO_NULL),
    Ordinary(Annotated[str, Meta(min_length=1, max_length=200)]),
]
Id = Annotated[
    str,
    Field(min_length=1, max_length=128, pattern=_NO_NULL, coerce_numbers_to_str=True),
    Ordinary(Annotated[str, Meta(min_length=1, max_length=128)]),
    _ID_SCHEMA,
]
"""Numbers are taken as their decimal text."""
Money = Annotated[str, BeforeValidator(money), Ordinary(str, _remembered(money)), _DECIMAL_SCHEMA]
MoneyFromZero = Annotated[
    str, BeforeValidator(money_from_zero), Ordinary(str, _remembered(money_from_zero)), _DECIMAL_SCHEMA
]
MoneyAboveZero = Annotated[
    str, BeforeValidator(money_above_zero), Ordinary(str, _remembered(money_above_zero)), _DECIMAL_SCHEMA
]
Number = Annotated[str, BeforeValidator(number), Ordinary(_AS_NUMBER, _remembered(number)), _NUMBER_SCHEMA]
Quantity = Annotated[str, BeforeValidator(quantity), Ordinary(_AS_NUMBER, _remembered(quantity)), _NUMBER_SCHEMA]
Count = Annotated[int, Field(ge=0, le=1_000_000, strict=True), Ordinary(Annotated[int, Meta(ge=0, le=1_000_000)])]
Time = Annotated[int, BeforeValidator(instant), Ordinary(str, instant), _TIME_SCHEMA]
Severity = Literal["low", "medium", "high", "critical"]
