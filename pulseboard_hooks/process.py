"""This process's outboxes and sender: made with its first call, made anew after a fork, flushed at exit."""

from __future__ import annotations

import atexit
import logging
import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pulseboard_hooks.errors import OutboxError
from pulseboard_hooks.events import Event
from pulseboard_hooks.outboxes import Outboxes
from pulseboard_hooks.sender import Sender
from pulseboard_hooks.set_aside import SetAside
from pulseboard_hooks.settings import Settings
from pulseboard_hooks.slots import beside
from pulseboard_hooks.tally import Counts, Tally

EXIT_SECONDS = 2.0

_log = logging.getLogger("pulseboard_hooks")


class Process:
    """What one process holds; a forked child starts with an empty one, and what was queued is its parent's to send.

    `unforked` is held around what a fork must not cut in half: a lock of a C library that another thread holds at that
    moment would stay locked in the child for good.
    """

    def __init__(self, inherited: frozenset[Path]) -> None:
        self.unforked = threading.RLock()
        self.settings = Settings.from_environment(os.environ)
        self.tally = Tally()
        self.boxes = Outboxes(self.settings, self.unforked, inherited)
        aside = SetAside(
            beside(self.settings.outbox, "-refused.jsonl"), self.settings.max_bytes, fsync=self.settings.fsync
        )
        self.sender = Sender(self.settings, self.boxes, aside, self.tally, self.unforked)
        self._lock = threading.RLock()
        self._writer: ThreadPoolExecutor | None = None
        self._ended = False
        for fault in self.settings.faults:
            _log.error("%s", fault)
        _close_with_child()

    def take(self, event: Event) -> str | None:
        """Puts the event into the outbox, and wakes the sender; its id, or None where it was not taken."""
        if self.settings.off:
            self.tally.drop("PULSEBOARD_URL is not set")
            return None
        try:
            if not self.boxes.put(event):
                self.tally.drop(f"the outbox {self.boxes.where} is full: {len(self.boxes)} events wait in it")
                return None
            if not self._ended:
                self.sender.wake()
        except OutboxError as error:
            self.tally.drop(f"the outbox cannot be written: {error}")
            return None
        except RuntimeError as error:  # no thread can be started: what is kept is sent by another process
            _log.error("events stay in the outbox %s: %s", self.boxes.where, error)
        return event.id

    def writer(self) -> ThreadPoolExecutor:
        """One thread that puts events into the outbox for callers who must not wait for a disk; their order is kept."""
        with self._lock:
            if self._writer is None:
                self._writer = ThreadPoolExecutor(1, "pulseboard-hooks-outbox")
            return self._writer

    def flush(self, timeout: float) -> bool:
        if self.settings.off:
            return True
        try:
            self.sender.wake()
        except RuntimeError:
            return len(self.boxes) == 0
        return self.sender.flush(timeout)

    def close(self, timeout: float = EXIT_SECONDS) -> None:
        """Sends within `timeout` seconds; what is then unsent stays in the outbox, and a line says so."""
        self._ended = True
        idle = self.sender.close(timeout)
        if (left := len(self.boxes)) and self.boxes.durable:
            _log.warning("%d events stay in the outbox %s until a process uses it again", left, self.boxes.where)
        elif left:
            self.tally.drop("the process ends before they could be sent", left)
        if idle:
            self.boxes.close()


_process: Process | None = None
_making = threading.RLock()
_inherited: frozenset[Path] = frozenset()  # files of the processes that this one was forked from


def current() -> Process:
    """This process's own, made if there is none."""
    global _process
    with _making:
        if _process is None:
            _process = Process(_inherited)
        return _process


def counts() -> Counts:
    """What became of the events of this process."""
    process = current()
    return process.tally.counts(len(process.boxes))


def flush(timeout: float = EXIT_SECONDS) -> bool:
    """Waits until every event in the outbox is settled, those that ended processes left included.

    Waits at most `timeout` seconds; whether everything is settled.
    """
    return current().flush(timeout)


def close() -> None:
    """As at exit; the next call starts anew."""
    global _process
    with _making:
        ending, _process = _process, None
    if ending is not None:
        ending.close()


def _at_exit() -> None:
    if _process is not None:
        _process.close()


def _close_with_child() -> None:
    """A child of multiprocessing ends without running atexit; its own finalizers it runs."""
    util = sys.modules.get("multiprocessing.util")
    if util is not None and sys.modules["multiprocessing"].parent_process() is not None:
        util.Finalize(None, _at_exit, exitpriority=10)


def _before_fork() -> None:
    _making.acquire()
    if _process is not None:
        _process.unforked.acquire()
        _process.boxes.lock.acquire()


def _after_fork() -> None:
    if _process is not None:
        _process.boxes.lock.release()
        _process.unforked.release()
    _making.release()


def _in_child() -> None:
    global _process, _making, _inherited
    _making = threading.RLock()
    if _process is not None:
        _inherited = _process.boxes.abandon()
        _process = None


os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_in_child)
atexit.register(_at_exit)
