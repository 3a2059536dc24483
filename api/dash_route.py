"""Dash has one route for all callbacks, and all that arrives there is the client's word: this looks at it first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dash import Dash
from flask import request

from api import bodies
from api.permissions import CALLBACKS
from services.access.scope import Scope
from services.errors import Forbidden, InvalidRequest, NotFound


def check(app: Dash, scope: Scope) -> None:
    """The callback that the client names is one of ours, is in the table, and its permission is there."""
    body = bodies.parse(request.get_data())
    if not isinstance(body, dict) or not isinstance(body.get("output"), str):
        raise InvalidRequest("names no callback", pointer="/output")
    declared = app.callback_map.get(body["output"], {})
    if "callback" not in declared:
        raise NotFound("there is no such callback")
    permission = CALLBACKS.get(callback_name(declared["callback"]))
    if permission is None:
        raise Forbidden("this callback is in no table of permissions")
    scope.require(permission)
    _refuse_misfits(body, declared)


def _refuse_misfits(body: Mapping[str, Any], declared: Mapping[str, Any]) -> None:
    """What is sent has the shape that the callback was declared with; its values are the callback's to judge."""
    known: set[str] = set()
    for key, wanted in (("inputs", declared["inputs"]), ("state", declared["state"])):
        sent, places = body.get(key, []), [(one["id"], one["property"]) for one in wanted]
        if not isinstance(sent, list) or [_place(one) for one in sent] != places:
            raise InvalidRequest("does not fit the callback", pointer=f"/{key}")
        known = {f"{name}.{place}" for name, place in places} if key == "inputs" else known
    outputs = body.get("outputs")
    _refuse_foreign(outputs, body["output"])
    changed = body.get("changedPropIds", [])
    if not isinstance(changed, list) or not all(isinstance(one, str) and one in known for one in changed):
        raise InvalidRequest("must be a list of the callback's inputs", pointer="/changedPropIds")


def _refuse_foreign(outputs: object, declared: str) -> None:
    """What is asked to be filled is what the callback fills: `a.x`, or `..a.x...b.y..` for several."""
    several = declared.startswith("..")
    names = [part.rpartition(".")[0] for part in declared.strip(".").split("...")]
    sent = outputs if several else [outputs]
    if not isinstance(sent, list) or [_place(one)[0] for one in sent] != names:
        raise InvalidRequest("does not fit the callback", pointer="/outputs")


def _place(sent: object) -> tuple[str | None, str | None]:
    """A component's id and property, as far as there are any."""
    found = [sent.get(key) for key in ("id", "property")] if isinstance(sent, dict) else []
    names = [one for one in found if isinstance(one, str)]
    return (names[0], names[1]) if len(names) == 2 else (None, None)


def callback_name(registered: object) -> str:
    """`callbacks.live.refresh`: the module and name of the function that was registered."""
    return f"{getattr(registered, '__module__', '')}.{getattr(registered, '__name__', '')}"
