"""The OpenAPI 3.1 document, made from the routes, their permissions and the schemas that check bodies; and its page."""

from __future__ import annotations

import functools
import json
import re
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, render_template
from pydantic import BaseModel
from werkzeug.routing import Rule

from api import answers, bodies
from api.operations import OPERATIONS, Operation
from api.permissions import ROUTES
from services.events import schemas as events
from services.status import VERSION
from widgets import REGISTRY

Json = dict[str, Any]
REFERENCE = "#/components/schemas/{model}"
INFO = {
    "title": "Pulseboard API",
    "version": VERSION,
    "description": "Events in, exact figures out, and live.",
}


def register(server: Flask) -> None:
    document = functools.cache(lambda: describe(server))

    @server.get("/analytics/openapi.json")
    def openapi() -> Response:
        return bodies.answer(document(), Cache_Control="no-cache")

    @server.get("/analytics/docs")
    def docs() -> str:
        described = document()
        schemas = [(name, json.dumps(one, indent=2)) for name, one in described["components"]["schemas"].items()]
        return render_template("docs.html", document=described, calls=_calls(described), schemas=schemas)


def describe(server: Flask) -> Json:
    """The document of every route under /analytics/ that the server has."""
    components: Json = {}
    paths: dict[str, Json] = {}
    for rule in sorted(server.url_map.iter_rules(), key=lambda rule: rule.rule):
        if not rule.rule.startswith("/analytics/"):
            continue
        path = re.sub(r"<(?:[^:<>]+:)?(\w+)>", r"{\1}", rule.rule)
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            operation = _operation(rule, OPERATIONS[rule.endpoint], components)
            paths.setdefault(path, {})[method.lower()] = operation
    bearer = {"type": "http", "scheme": "bearer"}
    session = {"type": "apiKey", "in": "cookie", "name": "pulseboard_session"}
    return {
        "openapi": "3.1.0",
        "info": INFO,
        "paths": paths,
        "components": {
            "schemas": dict(sorted(components.items())),
            "securitySchemes": {"key": bearer, "session": session},
        },
    }


def _operation(rule: Rule, operation: Operation, components: Json) -> Json:
    permission = ROUTES[rule.endpoint]
    described: Json = {
        "operationId": rule.endpoint,
        "summary": operation.summary,
        "parameters": _parameters(rule, operation, components),
        "responses": _responses(rule, operation, components),
        "security": [] if permission is None else [{"key": []}, {"session": []}],
    }
    if permission is not None:
        described["x-permission"] = permission.value
    if rule.endpoint == "post_events":
        described["requestBody"] = _events_body(components)
    elif operation.body is not None:
        described["requestBody"] = {"required": True, "content": _json(_schema(operation.body, components))}
    if rule.endpoint == "read_widgets":
        configs = [_schema(widget.options, components) for widget in REGISTRY]
        components["WidgetRequest"]["properties"]["config"] = {"anyOf": configs}
    return described


def _parameters(rule: Rule, operation: Operation, components: Json) -> list[Json]:
    whole = {name for name, converter in rule._converters.items() if type(converter).__name__ == "IntegerConverter"}
    found: list[Json] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "integer" if name in whole else "string"}}
        for name in sorted(rule.arguments)
    ]
    if operation.arguments is not None:
        schema = operation.arguments.model_json_schema(ref_template=REFERENCE)
        components.update(schema.pop("$defs", {}))
        found += [{"name": name, "in": "query", "schema": one} for name, one in schema.get("properties", {}).items()]
    if rule.endpoint == "put_dashboard":
        found.append({"name": "If-Match", "in": "header", "schema": {"type": "string"}})
    return found


def _responses(rule: Rule, operation: Operation, components: Json) -> Json:
    responses: Json = {}
    for code in (operation.status, *operation.also):
        one: Json = {"description": HTTPStatus(code).phrase}
        responses[str(code)] = one
        if operation.answer is not None:
            one["content"] = _json(_schema(operation.answer, components))
        if operation.etag:
            one["headers"] = {"ETag": {"schema": {"type": "string"}}}
    guarded = () if ROUTES[rule.endpoint] is None else (401, 403, 503)
    for code in sorted({*operation.problems, *guarded, 405}):
        content = {"application/problem+json": {"schema": _schema(answers.Problem, components)}}
        described = responses.setdefault(str(code), {"description": HTTPStatus(code).phrase})
        described["content"] = {**described.get("content", {}), **content}
    return responses


def _events_body(components: Json) -> Json:
    kinds = []
    for name in events.DATA:
        schema = events.json_schema(name)
        components.update(schema.pop("$defs", {}))
        title = schema.get("title", name)
        components[title] = schema
        kinds.append({"$ref": REFERENCE.format(model=title)})
    components["Event"] = {"oneOf": kinds}
    event = {"$ref": REFERENCE.format(model="Event")}
    many = {"type": "array", "items": event, "minItems": 1, "maxItems": 5_000}
    lines = {"schema": {"type": "string", "description": "One event a line."}}
    return {"required": True, "content": {**_json({"anyOf": [event, many]}), "application/x-ndjson": lines}}


def _schema(model: type[BaseModel], components: Json) -> Json:
    """A reference to the model's schema, which is put beside the others."""
    schema = model.model_json_schema(ref_template=REFERENCE)
    for name, one in schema.pop("$defs", {}).items():
        components.setdefault(name, one)
    components.setdefault(model.__name__, schema)
    return {"$ref": REFERENCE.format(model=model.__name__)}


def _json(schema: Json) -> Json:
    return {"application/json": {"schema": schema}}


def _calls(document: Json) -> list[Json]:
    """The operations in the order of their paths, as the page shows them."""
    return [
        {
            "id": operation["operationId"],
            "method": method.upper(),
            "path": path,
            "summary": operation["summary"],
            "permission": operation.get("x-permission"),
            "parameters": operation["parameters"],
            "body": json.dumps(operation["requestBody"]["content"], indent=2) if "requestBody" in operation else "",
            "responses": [(code, one["description"]) for code, one in operation["responses"].items()],
        }
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
