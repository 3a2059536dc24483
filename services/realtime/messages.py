"""The frames of the socket: schemas of what clients send, and the one way in which ours are written."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError

from services.clock import Instant, to_datetime
from services.errors import InvalidRequest
from services.realtime.changes import Change, Turn
from services.realtime.topics import PATTERN

MAX_BYTES = 64 * 1024
MAX_TOPICS = 1000

SubscriptionType = Literal["dashboard", "metrics", "alerts"]
Severity = Literal["low", "medium", "high", "critical"]
TopicName = Annotated[str, StringConstraints(max_length=200, pattern=f"^{PATTERN.pattern}$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Since(_Strict):
    """The last position a client has seen."""

    epoch: str = Field(max_length=64)
    seq: int = Field(ge=0, strict=True)


class Subscription(_Strict):
    """What to hear of; without `topics`, all that the scope allows.

    `turns` says which turns of time move the client's ranges.
    """

    subscription_type: SubscriptionType = "dashboard"
    topics: tuple[TopicName, ...] | None = Field(default=None, max_length=MAX_TOPICS)
    severity: tuple[Severity, ...] | None = None
    since: Since | None = None
    turns: tuple[Turn, ...] = ("minute", "hour", "day")


class Withdrawal(_Strict):
    """What to hear of no longer; without `topics`, the whole subscription; without a type, all of them."""

    subscription_type: SubscriptionType | None = None
    topics: tuple[TopicName, ...] | None = Field(default=None, max_length=MAX_TOPICS)


class _Envelope(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    timestamp: str | None = Field(default=None, max_length=64)
    message_id: str | None = Field(default=None, max_length=128)


class Subscribe(_Envelope):
    type: Literal["subscribe"]
    data: Subscription = Subscription()


class Unsubscribe(_Envelope):
    type: Literal["unsubscribe"]
    data: Withdrawal = Withdrawal()


class Heartbeat(_Envelope):
    type: Literal["heartbeat"]
    data: dict[str, Any] | None = None


class GetCurrentData(_Envelope):
    type: Literal["get_current_data"]
    data: dict[str, Any] | None = None


Inbound = Subscribe | Unsubscribe | Heartbeat | GetCurrentData
_INBOUND: TypeAdapter[Inbound] = TypeAdapter(Annotated[Inbound, Field(discriminator="type")])


def parse(text: str) -> Inbound:
    """The frame that a client sent.

    Errors: InvalidRequest, whose `pointer` names the first field at fault and whose detail quotes nothing of it.
    """
    try:
        return _INBOUND.validate_json(text)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        # The discriminator's own entry in the path ("subscribe") is no field of the frame.
        where = first["loc"][1:] if first["loc"] and first["loc"][0] != "type" else first["loc"]
        pointer = "".join(f"/{part}" for part in where)
        raise InvalidRequest(_said(first["type"], first["msg"]), pointer=pointer or None) from None


def _said(kind: str, message: str) -> str:
    plain = {
        "json_invalid": "not JSON",
        "union_tag_invalid": "type must be subscribe, unsubscribe, heartbeat or get_current_data",
        "union_tag_not_found": "type is missing",
        "string_pattern_mismatch": "must be a topic such as revenue@main",
        "model_attributes_type": "must be an object",
    }
    return plain.get(kind, message)


def encode(kind: str, data: Mapping[str, Any], *, at: Instant, seq: int | None = None) -> str:
    """One frame as it goes over the wire."""
    frame: dict[str, Any] = {
        "type": kind,
        "data": data,
        "timestamp": moment(at),
        "message_id": secrets.token_hex(8),
    }
    if seq is not None:
        frame["seq"] = seq
    return json.dumps(frame, separators=(",", ":"), ensure_ascii=False)


def invalidation(change: Change) -> dict[str, Any]:
    """The data of an `invalidate` frame; `turns` is there only when time alone is the cause."""
    buckets = change.buckets
    data: dict[str, Any] = {
        "topics": sorted(change.topics),
        "buckets": {"from": moment(buckets[0]), "to": moment(buckets[1])} if buckets else None,
        "cause": change.cause,
    }
    if change.turns:
        data["turns"] = sorted(change.turns)
    return data


def moment(instant: Instant) -> str:
    return to_datetime(instant).isoformat()
