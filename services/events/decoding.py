"""From the bytes of a body to one JSON value for each event.

One item that cannot be read never spoils its neighbours: it comes out as an `Unreadable` in its place.
"""

from __future__ import annotations

import json
import math
import re
import zlib
from collections.abc import Sized
from dataclasses import dataclass
from typing import Any

import msgspec

from services.errors import InvalidRequest, NotJson, TooLarge, UnsupportedMedia

MAX_BODY_BYTES = 8 * 1024 * 1024
MAX_ITEMS = 5_000

_quick = msgspec.json.Decoder().decode
_NOT_QUICK = (msgspec.DecodeError, UnicodeError, RecursionError)

# A text that never ends is one token up to the end: going back from there would take the square of its length.
_TOKEN = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)|[\[\]{},]', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An item that is no JSON value that can be kept; `detail` says why."""

    code: str
    detail: str


def decode(body: bytes, content_type: str | None, content_encoding: str | None) -> list[object]:
    """The items of a body: one event, an array of them, or one a line.

    Errors: NotJson, TooLarge (bytes after inflating, or items), UnsupportedMedia, InvalidRequest for no item at all.
    """
    body = _inflate(body, content_encoding)
    kind = (content_type or "application/json").partition(";")[0].strip().lower()
    if kind in ("application/x-ndjson", "application/ndjson"):
        items = _parse_items([line for line in _text(body).split("\n") if line.strip()])
    elif kind == "application/json" or kind.endswith("+json"):
        items = _parse_document(body)
    else:
        raise UnsupportedMedia("send application/json or application/x-ndjson")
    if not items:
        raise InvalidRequest("the body holds no event")
    _refuse_too_many(items)
    return items


def _refuse_too_many(items: Sized) -> None:
    if len(items) > MAX_ITEMS:
        raise TooLarge(f"at most {MAX_ITEMS} events in one post")


def _inflate(body: bytes, encoding: str | None) -> bytes:
    encoding = (encoding or "identity").strip().lower()
    if encoding == "gzip":
        inflater = zlib.decompressobj(wbits=31)
        try:
            body = inflater.decompress(body, MAX_BODY_BYTES + 1)
        except zlib.error:
            raise NotJson("the body is not gzip") from None
        if len(body) <= MAX_BODY_BYTES and not inflater.eof:
            raise NotJson("the gzip body ends too early")
        if inflater.unused_data:
            raise NotJson("the gzip body has more than one member")
    elif encoding != "identity":
        raise UnsupportedMedia("Content-Encoding may be gzip")
    if len(body) > MAX_BODY_BYTES:
        raise TooLarge(f"at most {MAX_BODY_BYTES // 1024 // 1024} MiB after inflating")
    return body


def _text(body: bytes) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise NotJson("the body is not UTF-8") from None


def _parse_document(body: bytes) -> list[object]:
    try:
        document = _quick(body)
    except _NOT_QUICK:
        return _parse_carefully(_text(body))
    return document if isinstance(document, list) else [document]


def _parse_carefully(text: str) -> list[object]:
    """For a body that the quick parser refuses: what is wrong with it, or which of its items spoils the rest."""
    try:
        document = _loads(text)
    except json.JSONDecodeError as error:
        raise NotJson(f"the body is not JSON: {error.msg} at character {error.pos}") from None
    except (RecursionError, ValueError):  # nested too deep, or a number without end: perhaps in one item only
        return _parse_items(_split_array(text) or [text])
    return document if isinstance(document, list) else [document]


def _parse_items(texts: list[str]) -> list[object]:
    _refuse_too_many(texts)
    return [_parse_item(text) for text in texts]


def _parse_item(text: str) -> object:
    try:
        return _quick(text)
    except _NOT_QUICK:
        pass
    try:
        return _loads(text)
    except json.JSONDecodeError as error:
        return Unreadable("not_json", f"is not JSON: {error.msg} at character {error.pos}")
    except RecursionError:
        return Unreadable("too_deep", "is nested too deep")
    except ValueError:
        return Unreadable("out_of_range", "holds a number that is out of range")


def _loads(text: str) -> Any:
    return json.loads(text, parse_constant=_not_a_number, parse_float=_finite)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("out of range")
    return number


def _not_a_number(name: str) -> None:
    raise json.JSONDecodeError(f"{name} is not JSON", "", 0)


def _split_array(text: str) -> list[str]:
    """The texts of a top-level array's elements, found by counting brackets; none if it is no array."""
    if not text.lstrip().startswith("["):
        return []
    pieces, depth, start = [], 0, 0
    for token in _TOKEN.finditer(text):
        mark = token.group()
        if mark in "[{":
            depth += 1
            if depth == 1:
                start = token.end()
        elif mark in "]}":
            depth -= 1
        if depth == 0 or (depth == 1 and mark == ","):
            pieces.append(text[start : token.start()])
            start = token.end()
            if depth == 0:
                break
    return pieces
