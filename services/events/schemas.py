"""What an event must look like, its checked form and its canonical text.

Pure: no store, no clock. Checking yields plain dicts in which money and numbers are decimal text, ids are text and
`occurred_at` is an Instant; the same schemas make the OpenAPI document.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails
from typing_extensions import TypedDict

from services.errors import InvalidEvent
from services.events import ordinary
from services.events.event_types import DATA, ORIGIN, completed
from services.events.values import Time, plain


def _envelope(name: str, data: Any) -> Any:
    fields = {"type": Literal[name], "occurred_at": Time, "data": data, **ORIGIN}
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
    return ordinary.check(item) or check_carefully(item)


def check_carefully(item: object) -> dict[str, Any]:
    """The same by the schemas themselves, which takes several times as long and tells every fault."""
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
    return completed(event)


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
            values[key] = plain(value)


def json_schema(name: str) -> dict[str, Any]:
    """The JSON Schema of an event of this type, as the endpoint takes it."""
    return ADAPTERS[name].json_schema(ref_template="#/components/schemas/{model}")
