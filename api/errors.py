"""The one mapping from errors to HTTP answers: RFC 9457 problems that tell what to do, and nothing of the inside."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from http import HTTPStatus

from dash.exceptions import DependencyException
from flask import Flask, Response, json, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.sansio.response import Response as AnyResponse

from services import errors

STATUS: dict[type[errors.PulseboardError], HTTPStatus] = {
    errors.InvalidRequest: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.InvalidEvent: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.MixedCurrency: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.TooMuch: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.NotJson: HTTPStatus.BAD_REQUEST,
    errors.Unauthenticated: HTTPStatus.UNAUTHORIZED,
    errors.Forbidden: HTTPStatus.FORBIDDEN,
    errors.NotFound: HTTPStatus.NOT_FOUND,
    errors.NoData: HTTPStatus.NOT_FOUND,
    errors.Conflict: HTTPStatus.CONFLICT,
    errors.PreconditionFailed: HTTPStatus.PRECONDITION_FAILED,
    errors.PreconditionRequired: HTTPStatus.PRECONDITION_REQUIRED,
    errors.TooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    errors.UnsupportedMedia: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    errors.Throttled: HTTPStatus.TOO_MANY_REQUESTS,
    errors.QueueFull: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.StoreUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.WriteConflict: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.TooManyConnections: HTTPStatus.SERVICE_UNAVAILABLE,
}

# What the framework raises by itself, in our codes; the rest go by the name of their status.
CODES = {400: "bad_request", 413: "too_large", 415: "unsupported_media", 429: "throttled", 500: "internal"}


def register(server: Flask) -> None:
    server.register_error_handler(errors.PulseboardError, answer)
    server.register_error_handler(HTTPException, _http_answer)
    server.register_error_handler(DependencyException, lambda _: answer(errors.NotFound("there is nothing here")))


def answer(error: errors.PulseboardError) -> Response:
    """The problem that tells a caller about the error."""
    faults = getattr(error, "errors", ())
    if not faults and error.pointer is not None:
        faults = [{"code": error.code, "pointer": error.pointer, "detail": error.detail}]
    status = STATUS.get(type(error), HTTPStatus.INTERNAL_SERVER_ERROR)
    response = problem(status, error.code, error.detail, faults)
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(max(1, math.ceil(error.retry_after)))
    if status == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def problem(
    status: HTTPStatus, code: str, detail: str | None = None, faults: Sequence[Mapping[str, str]] = ()
) -> Response:
    """An `application/problem+json` answer."""
    body = {
        "type": "about:blank",
        "title": status.phrase,
        "status": status.value,
        "code": code,
        "detail": detail or status.description or status.phrase,
        "errors": list(faults),
    }
    response = Response(json.dumps(body), status.value, content_type="application/problem+json")
    response.headers["Cache-Control"] = "no-store"
    return response


def _http_answer(error: HTTPException) -> AnyResponse:
    """The framework's own errors; their texts may name what is inside, so ours take their place."""
    if error.response is not None:
        return error.response
    status = HTTPStatus(error.code or 500)
    code = CODES.get(status.value, status.phrase.lower().replace(" ", "_"))
    response = problem(status, code, "the server failed; what happened is in its log" if status == 500 else None)
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        response.headers["Allow"] = ", ".join(sorted(error.valid_methods))
    retry_after = dict(error.get_headers(request.environ)).get("Retry-After")
    if retry_after:
        response.headers["Retry-After"] = retry_after
    return response
