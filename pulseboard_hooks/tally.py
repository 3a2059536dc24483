"""What became of the events of this process: counted, and logged where one is lost."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, replace

from pulseboard_hooks.delivery import Verdict

_QUIET_SECONDS = 1.0  # between two lines about dropped events: a flood of them must not block the caller

_log = logging.getLogger("pulseboard_hooks")


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of the calls of this process, and of what it took over from ended ones.

    `queued` wait in the outbox; `refused`: by the server, or as nothing that could be sent; `dropped`: not taken, as
    the outbox was full or could not be written.
    """

    queued: int = 0
    accepted: int = 0
    duplicates: int = 0
    refused: int = 0
    dropped: int = 0
    retries: int = 0


class Tally:
    def __init__(self) -> None:
        self._counts = Counts()
        self._lock = threading.RLock()
        self._unlogged = 0
        self._logged_at = float("-inf")

    def counts(self, queued: int) -> Counts:
        return replace(self._counts, queued=queued)

    def settle(self, verdict: Verdict) -> None:
        for event, reason in verdict.refused:
            _log.error("pulseboard refuses %s %s for good, it is set aside: %s", event.kind, event.id, reason)
        self._add(accepted=verdict.accepted, duplicates=verdict.duplicates, refused=len(verdict.refused))

    def refuse(self, reason: str) -> None:
        """Counts and logs a call that makes no event."""
        self._add(refused=1)
        _log.error("an event was not sent: %s", reason)

    def retry(self) -> None:
        self._add(retries=1)

    def drop(self, reason: str, number: int = 1) -> None:
        """Counts events that are lost; logs at once, then at most once a second with the number since."""
        with self._lock:
            self._add(dropped=number)
            self._unlogged += number
            if time.monotonic() - self._logged_at < _QUIET_SECONDS and number == 1:
                return
            lost, self._unlogged, self._logged_at = self._unlogged, 0, time.monotonic()
        _log.error("%d events are dropped (%d so far): %s", lost, self._counts.dropped, reason)

    def _add(self, **numbers: int) -> None:
        with self._lock:
            changed = {name: getattr(self._counts, name) + number for name, number in numbers.items()}
            self._counts = replace(self._counts, **changed)
