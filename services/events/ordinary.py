"""The short way to check an event: for one that is as events should be, which is nearly every one. Pure.

The shapes are made from the schemas themselves. Whatever does not fit them (a number as an id, U+0000 in a text, any
fault) is left to the schemas, which take longer and say what is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, NotRequired, cast, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta
from pydantic_core import PydanticCustomError

from services.events.event_types import DATA, MAX_LINES, ORIGIN, Line, OrderCompleted, completed, priced
from services.events.values import Ordinary, instant

# Encoding the fields that the schemas name finds what no text of theirs may hold: it fails for a lone surrogate.
_encode = msgspec.json.Encoder().encode
_NULL = b"\\u0000"
_NOT_ORDINARY = (msgspec.ValidationError, PydanticCustomError, UnicodeEncodeError, RecursionError)


@dataclass(frozen=True, slots=True)
class _Shape:
    """An object whose values are ordinary: as a type, and what reads those that do not stay as they are."""

    type: type[msgspec.Struct]
    reads: tuple[tuple[str, Callable[[Any], Any]], ...]

    def read(self, values: dict[str, Any]) -> dict[str, Any]:
        """A copy with the values in their inner forms."""
        copy = values.copy()
        for key, read in self.reads:
            value = copy.get(key)
            if value is not None:
                copy[key] = read(value)
        return copy


def check(item: object) -> dict[str, Any] | None:
    """What the schemas make of the item, or None where only they can tell."""
    if type(item) is not dict:
        return None
    name = item.get("type")
    shape = _EVENTS.get(name) if type(name) is str else None
    if shape is None:
        return None
    envelope, data = shape
    try:
        if _NULL in _encode(msgspec.convert(item, envelope)):
            return None
        return completed({**item, "occurred_at": instant(item["occurred_at"]), "data": data.read(item["data"])})
    except _NOT_ORDINARY:
        return None


def _shape(schema: Any, **nested: Ordinary) -> _Shape:
    """The shape of a TypedDict; `nested` has the fields that are no single value."""
    kinds = {key: nested.get(key) or _ordinary(hint) for key, hint in _hints(schema).items()}
    struct = msgspec.defstruct(schema.__name__, _fields(_hints(schema), kinds))
    return _Shape(struct, tuple((key, kind.read) for key, kind in kinds.items() if kind.read))


def _hints(schema: Any) -> dict[str, Any]:
    return get_type_hints(schema, include_extras=True)


def _fields(hints: Mapping[str, Any], kinds: Mapping[str, Ordinary]) -> list[Any]:
    return [
        (key, kinds[key].type | None, None) if get_origin(hint) is NotRequired else (key, kinds[key].type)
        for key, hint in hints.items()
    ]


def _ordinary(hint: Any) -> Ordinary:
    """What is said of the kind of value in its annotation; a type without any is taken as it is."""
    if get_origin(hint) is NotRequired:
        hint = get_args(hint)[0]
        hint = next((part for part in get_args(hint) if get_origin(part) is Annotated), hint)
    return next((said for said in getattr(hint, "__metadata__", ()) if isinstance(said, Ordinary)), Ordinary(hint))


def _event(name: str, data: _Shape) -> tuple[type[msgspec.Struct], _Shape]:
    kinds = {key: _ordinary(hint) for key, hint in ORIGIN.items()}
    fields = [("type", Literal[name]), ("occurred_at", str), ("data", data.type), *_fields(ORIGIN, kinds)]
    return msgspec.defstruct(f"{data.type.__name__}Event", fields, forbid_unknown_fields=True), data


def _lines(lines: list[dict[str, Any]]) -> list[Line]:
    return [priced(cast(Line, _LINE.read(line))) for line in lines]


_LINE = _shape(Line)
_LINES = Ordinary(Annotated[list[_LINE.type], Meta(max_length=MAX_LINES)], _lines)  # type: ignore[name-defined]  # made above
_EVENTS = {
    name: _event(name, _shape(schema, items=_LINES) if schema is OrderCompleted else _shape(schema))
    for name, schema in DATA.items()
}
