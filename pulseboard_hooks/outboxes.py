"""The outboxes of one process: its own, and at most one that an ended process left behind."""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from contextlib import AbstractContextManager
from pathlib import Path

from pulseboard_hooks import slots
from pulseboard_hooks.errors import OutboxDamaged, OutboxUnusable
from pulseboard_hooks.events import Event
from pulseboard_hooks.outbox import Bounds, Origin, Outbox
from pulseboard_hooks.settings import Settings

SCAN_SECONDS = 30.0

_log = logging.getLogger("pulseboard_hooks")


class Outboxes:
    """Opened when they are first needed. What ended processes left is sent first: it is older.

    `unforked` is held around what may take long and must not be cut in half by a fork; `lock`, around what is short.
    """

    def __init__(
        self, settings: Settings, unforked: AbstractContextManager[object], inherited: frozenset[Path] = frozenset()
    ) -> None:
        self.lock = threading.RLock()  # re-entrant: a signal's handler may call a hook, too
        self._settings = settings
        self._unforked = unforked
        self._inherited = inherited
        self._origin = Origin(settings.url, hashlib.sha256(settings.api_key.encode()).hexdigest()[:16])
        self._own: Outbox | None = None
        self._adopted: Outbox | None = None
        self._looked_at = float("-inf")

    def put(self, event: Event) -> bool:
        """Takes the event; False: there is no room. Errors: OutboxUnusable when the disk does not take it."""
        own = self.own()
        try:
            return own.put(event)
        except OutboxDamaged as error:
            self.set_aside(own, error)
            return self.own().put(event)

    def own(self) -> Outbox:
        """This process's own, in memory if it cannot be in a file."""
        with self.lock:
            if self._own is None:
                try:
                    self._own = slots.first_free(self._settings.outbox, self._open_own, self.paths())
                except OutboxUnusable as error:
                    _log.error("events are kept in memory, and lost with the process: %s", error)
                    self._own = self._open(None, self.lock)
            return self._own

    def next(self) -> Outbox | None:
        """The one to send from; None when nothing waits. Looks now and then for what ended processes left."""
        if self._adopted is None and self.look_due:
            self._look()
        if self._adopted is not None:
            return self._adopted
        return self._own if self._own is not None and len(self._own) else None

    @property
    def look_due(self) -> bool:
        return time.monotonic() - self._looked_at >= SCAN_SECONDS

    @property
    def settled(self) -> bool:
        """Nothing waits, here or in what ended processes left."""
        return self._looked_at != float("-inf") and len(self) == 0

    def drained(self, box: Outbox) -> None:
        """Gives back what was taken over, once it is empty, and looks for the next."""
        if box is self._adopted and not len(box):
            with self._unforked:
                self._adopted = None
                box.close()
            self._look()

    def set_aside(self, box: Outbox, error: OutboxDamaged) -> None:
        """Forgets a damaged one, whose lock this process holds."""
        with self._unforked, self.lock:
            if box not in self._open_ones():
                return  # another thread was first
            if box.path is not None:
                slots.set_damaged_aside(box.path, error)
            box.close()
            self._own = None if self._own is box else self._own
            self._adopted = None if self._adopted is box else self._adopted

    def __len__(self) -> int:
        return sum(len(box) for box in self._open_ones())

    @property
    def size(self) -> int:
        """Bytes of what waits."""
        return sum(box.size for box in self._open_ones())

    @property
    def where(self) -> str:
        path = self._own.path if self._own is not None else self._settings.outbox
        return str(path) if path is not None else "memory"

    @property
    def durable(self) -> bool:
        """What waits outlives this process."""
        return all(box.path is not None for box in self._open_ones())

    def paths(self) -> frozenset[Path]:
        """The files that this process, or one that it was forked from, holds open: not to be opened a second time."""
        return self._inherited | {box.path for box in self._open_ones() if box.path is not None}

    def close(self) -> None:
        with self._unforked, self.lock:
            for box in self._open_ones():
                box.close()
            self._own = self._adopted = None

    def abandon(self) -> frozenset[Path]:
        """In a forked child: leaves everything to the parent; the files that the child must not touch."""
        for box in self._open_ones():
            box.abandon()
        return self.paths()

    def _look(self) -> None:
        with self._unforked:
            self._adopted = slots.left_behind(self._settings.outbox, self._open_adopted, self.paths())
            self._looked_at = time.monotonic()

    def _open_ones(self) -> list[Outbox]:
        return [box for box in (self._adopted, self._own) if box is not None]

    def _open_own(self, path: Path) -> Outbox:
        return self._open(path, self.lock)

    def _open_adopted(self, path: Path) -> Outbox:
        return self._open(path, self._unforked)

    def _open(self, path: Path | None, lock: AbstractContextManager[object]) -> Outbox:
        bounds = Bounds(self._settings.max_events, self._settings.max_bytes)
        return Outbox(path, lock, self._origin, bounds=bounds, fsync=self._settings.fsync)
