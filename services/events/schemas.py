"""What an event must look like: the eight types of contract §3 as schemas, and their canonical text.

Pure: no store, no clock. Checking yields plain dicts in which money and numbers are decimal text, ids are text and
`occurred_at` is an Instant; the same schemas make the OpenAPI document.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, NotRequired

import msgspec
from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError, WithJsonSchema
from pydantic_core import ErrorDetails, PydanticCustomError
from typing_extensions import TypedDict

from services import clock
from services.errors import InvalidEvent

EARLIEST = clock.to_instant(datetime(1971, 1, 1, tzinfo=UTC))
MAX_TEXT = 10_000
QUANTITY_DIGITS = 3

MONEY_PATTERN = r"^-?\d{1,12}(\.\d{1,4})?$"

_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,30})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_MONEY = re.compile(r"-?\d{1,12}(\.\d{1,4})?", re.ASCII)
_NUMBER = re.compile(r"-?\d{1,12}(\.\d{1,9})?", re.ASCII)
_NO_NULL = r"^[^\x00]*$"


def _fail(code: str, detail: str) -> PydanticCustomError:
    return PydanticCustomError(code, detail)


def _plain(text: str) -> str:
    """A decimal without needless zeros or sign: one text for each number."""
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return text if "1" <= text[0] <= "9" or text == "0" else format(Decimal(text) + 0, "f")


def _money(value: Any) -> str:
    if type(value) is not str or not _MONEY.fullmatch(value):
        raise _fail("wrong_type", 'must be a decimal string such as "42.50", of at most 12 digits before the point')
    return value


def _money_from_zero(value: Any) -> str:
    text = _money(value)
    if text[0] == "-":
        raise _fail("out_of_range", "must not be negative")
    return text


def _money_above_zero(value: Any) -> str:
    text = _money_from_zero(value)
    if not text.strip("0."):
        raise _fail("out_of_range", "must be greater than 0")
    return text


def _number(value: Any) -> str:
    text = repr(value) if isinstance(value, int | float) and not isinstance(value, bool) else value
    if isinstance(value, float) and ("e" in text or "n" in text):
        text = format(Decimal(text), "f") if abs(value) < 1e12 else ""
    if not isinstance(text, str) or not _NUMBER.fullmatch(text):
        raise _fail("wrong_type", "must be a number or a decimal string, of at most 12 digits before the point")
    return _plain(text)


def _quantity(value: Any) -> str:
    text = _number(value)
    if len(text.partition(".")[2]) > QUANTITY_DIGITS:
        raise _fail("out_of_range", f"must have at most {QUANTITY_DIGITS} decimals")
    return text


def _instant(value: Any) -> int:
    if not isinstance(value, str) or not _RFC3339.fullmatch(value):
        raise _fail("wrong_type", "must be an RFC 3339 time with an offset, such as 2026-03-01T12:30:05+01:00")
    try:
        instant = clock.to_instant(datetime.fromisoformat(value.upper()))
    except (ValueError, OverflowError):
        raise _fail("invalid", "is not a time that exists") from None
    if instant < EARLIEST:
        raise _fail("out_of_range", "must not lie before 1971")
    return instant


_DECIMAL_SCHEMA = WithJsonSchema({"type": "string", "pattern": MONEY_PATTERN, "examples": ["42.50"]})
_NUMBER_SCHEMA = WithJsonSchema({"type": "number", "minimum": -999_999_999_999, "maximum": 999_999_999_999})
_ID_SCHEMA = WithJsonSchema({"type": "string", "minLength": 1, "maxLength": 128})

Text = Annotated[str, Field(max_length=MAX_TEXT, strict=True, pattern=_NO_NULL)]
Name = Annotated[str, Field(min_length=1, max_length=200, strict=True, pattern=_NO_NULL)]
Id = Annotated[str, Field(min_length=1, max_length=128, pattern=_NO_NULL, coerce_numbers_to_str=True), _ID_SCHEMA]
"""Numbers are taken as their decimal text."""
Money = Annotated[str, BeforeValidator(_money), _DECIMAL_SCHEMA]
MoneyFromZero = Annotated[str, BeforeValidator(_money_from_zero), _DECIMAL_SCHEMA]
MoneyAboveZero = Annotated[str, BeforeValidator(_money_above_zero), _DECIMAL_SCHEMA]
Number = Annotated[str, BeforeValidator(_number), _NUMBER_SCHEMA]
Quantity = Annotated[str, BeforeValidator(_quantity), _NUMBER_SCHEMA]
Count = Annotated[int, Field(ge=0, le=1_000_000, strict=True)]
Time = Annotated[int, BeforeValidator(_instant), WithJsonSchema({"type": "string", "format": "date-time"})]
Severity = Literal["low", "medium", "high", "critical"]

_OPEN = ConfigDict(extra="allow")


class Line(TypedDict):
    __pydantic_config__ = _OPEN  # type: ignore[misc]
    product: Name
    quantity: Quantity
    category: NotRequired[Name | None]
    unit_price: NotRequired[Money | None]
    line_amount: NotRequired[Money | None]


def _priced(line: Line) -> Line:
    if line.get("line_amount") is None and line.get("unit_price") is None:
        raise _fail("missing", "needs line_amount or unit_price")
    return line


class OrderCompleted(TypedDict):
    __pydantic_config__ = _OPEN  # type: ignore[misc]
    order_id: Id
    total_amount: MoneyFromZero
    items_count: Count
    staff_id: NotRequired[Id | None]
    staff_name: NotRequired[Name | None]
    customer_id: NotRequired[Id | None]
    table_no: NotRequired[Id | None]
    channel: NotRequired[Name | None]
    payment_method: NotRequired[Name | None]
    discount_amount: NotRequired[MoneyFromZero | None]
    tax_amount: NotRequired[MoneyFromZero | None]
    tip_amount: NotRequired[MoneyFromZero | None]
    items: NotRequired[Annotated[list[Annotated[Line, AfterValidator(_priced)]], Field(max_length=1_000)] | None]


class OrderCancelled(TypedDict):
    __pydantic_config__ = _OPEN  # type: ignore[misc]
    order_id: Id
    amount: NotRequired[MoneyAboveZero | None]
    staff_id: NotRequired[Id | None]
    reason: NotRequired[Text | None]


class PaymentProcessed(TypedDict):
    __pydantic_config__ = _OPEN  # type: ignore[misc]
    order_id: Id
    payment_method: Name
    amount: Money
    status: Literal["success", "failed", "refunded"]
    transaction_id: NotRequired[Id | None]


class StaffAction(TypedDict):
    __pydantic_config__ = _OPEN  # type: ignore[misc]
    staff_id: Id
    action_type: Name
    staff_name: NotRequired[Name | None]
    shift_id: NotRequired[Id | None]
    action_data: NotRequired[Any]


class CustomerAction(TypedDict):
    __pydantic_config__ = _OPEN  # type: ignore[misc]
    customer_id: Id
    action_type: Name
    action_data: NotRequired[Any]


class InventoryUpdated(TypedDict):
    __pydantic_config__ = _OPEN  # type: ignore[misc]
    product: Name
    quantity: Quantity
    reorder_level: NotRequired[Quantity | None]
    unit: NotRequired[Name | None]


class SystemEvent(TypedDict):
    __pydantic_config__ = _OPEN  # type: ignore[misc]
    event_type: Name
    message: Text
    severity: Severity
    source_service: NotRequired[Name | None]
    event_data: NotRequired[Any]


class AlertTriggered(TypedDict):
    __pydantic_config__ = _OPEN  # type: ignore[misc]
    alert_name: Name
    message: Text
    metric_name: Name
    current_value: Number
    threshold_value: Number
    severity: Severity


DATA: dict[str, Any] = {
    "order_completed": OrderCompleted,
    "order_cancelled": OrderCancelled,
    "payment_processed": PaymentProcessed,
    "staff_action": StaffAction,
    "customer_action": CustomerAction,
    "inventory_updated": InventoryUpdated,
    "system_event": SystemEvent,
    "alert_triggered": AlertTriggered,
}


def _envelope(name: str, data: Any) -> Any:
    fields = {
        "type": Literal[name],
        "occurred_at": Time,
        "data": data,
        "id": NotRequired[Id | None],
        "source": NotRequired[Id | None],
        "site": NotRequired[Id | None],
    }
    made = TypedDict(f"{data.__name__}Event", fields)  # type: ignore[misc]
    made.__pydantic_config__ = ConfigDict(extra="forbid")  # type: ignore[attr-defined]
    return made


ADAPTERS: dict[str, TypeAdapter[dict[str, Any]]] = {
    name: TypeAdapter(_envelope(name, data)) for name, data in DATA.items()
}

_MONEY_KEYS = ("total_amount", "discount_amount", "tax_amount", "tip_amount", "amount")
_LINE_MONEY_KEYS = ("unit_price", "line_amount")
_CODES = {"missing": "missing", "extra_forbidden": "unknown_field", "literal_error": "invalid"}
_RANGES = ("greater_than", "less_than", "too_short", "too_long")


def fault(code: str, pointer: str, detail: str) -> dict[str, str]:
    return {"code": code, "pointer": pointer, "detail": detail}


def check(item: object) -> dict[str, Any]:
    """The item with its values in their inner forms, nulls left out. Raises InvalidEvent with every fault."""
    if not isinstance(item, dict):
        raise InvalidEvent([fault("wrong_type", "", "an event must be a JSON object")])
    name = item.get("type")
    adapter = ADAPTERS.get(name) if isinstance(name, str) else None
    if adapter is None:
        code = "missing" if name is None else "unknown_type"
        raise InvalidEvent([fault(code, "/type", f"must be one of {', '.join(DATA)}")])
    try:
        event = adapter.validate_python(item)
    except ValidationError as error:
        raise InvalidEvent(
            [_fault(details) for details in error.errors(include_url=False, include_input=False)]
        ) from None
    data = event["data"] = _without_nulls(event["data"])
    if name == "order_completed":
        for key in ("discount_amount", "tax_amount", "tip_amount"):
            data.setdefault(key, "0")
        data["items"] = [_without_nulls(line) for line in data.get("items", ())]
    return event


def _without_nulls(values: dict[str, Any]) -> dict[str, Any]:
    if None not in values.values():
        return values
    return {key: value for key, value in values.items() if value is not None}


def _fault(details: ErrorDetails) -> dict[str, str]:
    kind = details["type"]
    code = _CODES.get(kind, kind if kind in ("wrong_type", "invalid", "out_of_range") else "wrong_type")
    if any(word in kind for word in _RANGES):
        code = "out_of_range"
    pointer = "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in details["loc"])
    return fault(code, pointer.encode("utf-8", "replace").decode(), details["msg"])


_encode = msgspec.json.Encoder(order="sorted").encode


def canonical(event: dict[str, Any]) -> str:
    """One text for all spellings of the event: keys sorted, decimals and instants normalised.

    Errors: InvalidEvent where a value of an unnamed key cannot be kept (a lone surrogate, nested too deep).
    """
    data = event["data"]
    _make_plain(data, _MONEY_KEYS)
    for line in data["items"] if event["type"] == "order_completed" else ():
        _make_plain(line, _LINE_MONEY_KEYS)
    try:
        return _encode(event).decode()
    except UnicodeEncodeError:
        raise InvalidEvent([fault("invalid", "/data", "holds text that is not valid Unicode")]) from None
    except RecursionError:
        raise InvalidEvent([fault("too_deep", "/data", "is nested too deep")]) from None


def _make_plain(values: dict[str, Any], keys: tuple[str, ...]) -> None:
    """Writes money in one way, whatever its zeros were; done late, since how many digits came is checked before."""
    for key in keys:
        value = values.get(key)
        if value is not None:
            values[key] = _plain(value)


def json_schema(name: str) -> dict[str, Any]:
    """The JSON Schema of an event of this type, as the endpoint takes it."""
    return ADAPTERS[name].json_schema(ref_template="#/components/schemas/{model}")
