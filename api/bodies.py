"""Reading what a request brings: JSON bodies and query strings as pydantic models, answers as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NoReturn

from flask import Response, request
from pydantic import BaseModel

from services.clock import Instant, to_datetime
from services.errors import InvalidRequest, NotJson, TooLarge, UnsupportedMedia
from services.validation import Model, validated

MOST_BYTES = 1024 * 1024


def read(model: type[Model]) -> Model:
    """The request's JSON body as the model."""
    return validated(model, json_body())


def read_arguments(model: type[Model]) -> Model:
    """The query string as the model; an argument that is there several times counts once, the last."""
    return validated(model, _text_alone(dict(request.args.items())))


def json_body() -> object:
    """The body's JSON value; an empty body is as good as `{}`.

    Errors: UnsupportedMedia, TooLarge, NotJson; InvalidRequest for text that is not Unicode.
    """
    if (request.content_length or 0) > MOST_BYTES or len(body := request.get_data()) > MOST_BYTES:
        raise TooLarge("at most 1 MiB")
    if not body:
        return {}
    if not request.is_json:
        raise UnsupportedMedia("send application/json")
    return parse(body)


def parse(body: bytes) -> object:
    try:
        return _text_alone(json.loads(body.decode("utf-8"), parse_constant=_no_number))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise NotJson("the body is not JSON") from error
    except (RecursionError, ValueError) as error:
        raise NotJson("the body is nested too deep, or holds a number with too many digits") from error


def answer(data: Mapping[str, Any], status: int = 200, **headers: str) -> Response:
    """A JSON answer; underscores in header names stand for hyphens."""
    body = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_plain)
    response = Response(body, status, content_type="application/json")
    for name, value in headers.items():
        response.headers[name.replace("_", "-")] = value
    return response


def time_text(instant: Instant) -> str:
    """RFC 3339 in UTC."""
    return to_datetime(instant).isoformat()


def _text_alone(value: Any) -> Any:
    """The value, if all its text can be written as UTF-8 and kept (lone surrogates and NUL cannot)."""
    try:
        text = json.dumps(value, ensure_ascii=False)
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise InvalidRequest("holds text that is not valid Unicode", pointer="") from error
    if "\\u0000" in text and _has_null(value):
        raise InvalidRequest("holds a null character", pointer="")
    return value


def _has_null(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_has_null(key) or _has_null(part) for key, part in value.items())
    if isinstance(value, list):
        return any(_has_null(part) for part in value)
    return isinstance(value, str) and "\x00" in value


def _no_number(name: str) -> NoReturn:
    raise json.JSONDecodeError(f"{name} is not JSON", "", 0)


def _plain(value: object) -> Any:
    """Figures become JSON numbers here, at the very edge; they were rounded to their unit before."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() and value.as_tuple().exponent == 0 else float(value)
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", by_alias=True)
    raise TypeError(f"no JSON for {type(value).__name__}")
