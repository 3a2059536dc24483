"""What processes tell one another through Redis: small messages that save time and may be lost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import msgspec

from services.clock import Instant
from services.realtime.changes import Cause

Version = Annotated[int, msgspec.Meta(ge=0)]


class Changed(msgspec.Struct, frozen=True, tag="changed"):
    """These topics changed, in which buckets, and why; their versions where the sender knows them."""

    sender: str
    topics: Mapping[str, Version | None]
    buckets: tuple[Instant, Instant] | None
    cause: Cause


class DashboardChanged(msgspec.Struct, frozen=True, tag="dashboard"):
    sender: str
    dashboard_id: str
    version: int
    who: str


class Said(msgspec.Struct, frozen=True, tag="said"):
    """A system message for everybody who is connected."""

    sender: str
    message: str


class Work(msgspec.Struct, frozen=True, tag="work"):
    """There is something in the queue of events."""

    sender: str


Hint = Changed | DashboardChanged | Said | Work

encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder(Hint).decode
"""Raises msgspec.DecodeError for what is no hint of ours."""
