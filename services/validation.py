"""From what somebody sent to one of our pydantic models, or InvalidRequest with every fault by its JSON pointer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from services.errors import InvalidRequest

Model = TypeVar("Model", bound=BaseModel)
MOST_FAULTS = 50


def validated(model: type[Model], value: object) -> Model:
    """The value as the model.

    Errors: InvalidRequest; `detail` and `pointer` are the first fault's, `errors` has them all.
    """
    try:
        return model.model_validate(value)
    except ValidationError as error:
        faults = [_fault(details) for details in error.errors(include_url=False, include_input=False)[:MOST_FAULTS]]
        first = faults[0]
        raise InvalidRequest(first["detail"], pointer=first["pointer"], errors=faults) from None


def pointer(parts: Iterable[str | int]) -> str:
    """RFC 6901; lone surrogates become question marks, since an answer is UTF-8."""
    text = "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)
    return text.encode("utf-8", "replace").decode()


def _fault(details: ErrorDetails) -> dict[str, str]:
    message = details["msg"].removeprefix("Value error, ").encode("utf-8", "replace").decode()
    return {"code": _code(details["type"]), "pointer": pointer(details["loc"]), "detail": message}


def _code(kind: str) -> str:
    if kind == "missing":
        return "missing"
    if kind == "extra_forbidden":
        return "unknown_field"
    if kind == "value_error" or kind.startswith(("literal", "enum", "string_pattern")):
        return "invalid"
    if "than" in kind or "too_" in kind:
        return "out_of_range"
    return "wrong_type"
