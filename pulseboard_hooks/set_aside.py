"""Where refused events end: a file beside the outbox, one JSON object in a line, for a person to look at."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from pulseboard_hooks.events import Event
from pulseboard_hooks.outbox import OWNER_ALONE

Refused = Sequence[tuple[Event, str]]


class SetAside:
    """Shared by all processes of an outbox; lines are added, never changed. At most `max_bytes` long."""

    def __init__(self, path: Path, max_bytes: int, *, fsync: bool = False) -> None:
        self.path = path
        self._max_bytes = max_bytes
        self._fsync = fsync

    def add(self, refused: Refused) -> None:
        """One line for each event, `{"refused_at", "reason", "kind", "event"}`.

        Errors: OSError where it cannot be written, or is full.
        """
        text = b"".join(_line(event, reason) for event, reason in refused)
        handle = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, OWNER_ALONE)
        try:
            if os.fstat(handle).st_size + len(text) > self._max_bytes:
                raise OSError(f"{self.path} is full with {self._max_bytes} bytes")
            while text:
                text = text[os.write(handle, text) :]
            if self._fsync:
                os.fsync(handle)
        finally:
            os.close(handle)


def _line(event: Event, reason: str) -> bytes:
    told = {
        "refused_at": datetime.now(UTC).isoformat(),
        "reason": reason,
        "kind": event.kind,
        "event": json.loads(event.body),
    }
    return json.dumps(told, separators=(",", ":")).encode("ascii") + b"\n"
