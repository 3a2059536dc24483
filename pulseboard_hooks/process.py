"""This process's one sender: made with its first event, made anew after a fork, flushed at exit."""

from __future__ import annotations

import atexit
import functools
import os
import sys
import threading
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec, TypeVar

from pulseboard_hooks.buffer import MemoryBuffer
from pulseboard_hooks.events import Event
from pulseboard_hooks.sender import Sender
from pulseboard_hooks.settings import Settings
from pulseboard_hooks.tally import Counts, Tally

QUEUE_EVENTS = 10_000
EXIT_SECONDS = 2.0

P = ParamSpec("P")
R = TypeVar("R")


class _Process:
    """What one process holds; a forked child starts with an empty one, and what was queued is its parent's to send.

    `unforked` is held around what a fork must not cut in half: a lock of a C library that another thread holds at that
    moment would stay locked in the child for good.
    """

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.tally = Tally()
        self.buffer = MemoryBuffer(QUEUE_EVENTS)
        self.sender: Sender | None = None
        self.ended = False
        self.unforked = threading.RLock()

    def current_sender(self) -> Sender:
        """The sender, made if there is none.

        Errors: ValueError, naming the setting, as long as the environment says no server; RuntimeError at exit.
        """
        with self.lock:
            if self.ended:
                raise RuntimeError("the process has flushed its events and ends")
            if self.sender is None:
                self.sender = Sender(Settings.from_environment(os.environ), self.buffer, self.tally, self.unforked)
                _close_with_child()
            return self.sender

    def close(self) -> None:
        with self.lock:
            sender, self.ended = self.sender, True
        if sender is not None:
            sender.close(EXIT_SECONDS)


_process = _Process()


def _start_anew() -> None:
    global _process
    _process = _Process()


def _close() -> None:
    _process.close()


def _before_fork() -> None:
    _process.unforked.acquire()


def _after_fork() -> None:
    _process.unforked.release()


def _close_with_child() -> None:
    """A child of multiprocessing ends without running atexit; its own finalizers it runs."""
    util = sys.modules.get("multiprocessing.util")
    if util is not None and sys.modules["multiprocessing"].parent_process() is not None:
        util.Finalize(None, _close, exitpriority=10)


os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_start_anew)
atexit.register(_close)


def counts() -> Counts:
    """What became of the events of this process."""
    return _process.tally.counts(len(_process.buffer))


def flush(timeout: float = EXIT_SECONDS) -> bool:
    """Waits until every queued event is settled, at most `timeout` seconds; whether that is so."""
    sender = _process.sender
    return sender.flush(timeout) if sender is not None else True


def hook(compose: Callable[P, Event]) -> Callable[P, str | None]:
    """A function that queues the event that `compose` makes, and returns its id; None where it was not taken.

    Errors: none, not even for wrong arguments: what is wrong is logged and counted.
    """

    @functools.wraps(compose)
    def call(*args: P.args, **kwargs: P.kwargs) -> str | None:
        try:
            event = compose(*args, **kwargs)
        except (TypeError, ValueError, ArithmeticError, LookupError, AttributeError, RecursionError) as error:
            _process.tally.refuse(f"{compose.__name__}: {error}")
            return None
        return _queue(event)

    return call


def _queue(event: Event) -> str | None:
    try:
        return event.id if _process.current_sender().offer(event) else None
    except (ValueError, RuntimeError) as error:  # no server is set; no thread can be started, now or any more
        _process.tally.drop(str(error))
    return None


def in_async(plain: Callable[P, R], name: str) -> Callable[P, Coroutine[Any, Any, R]]:
    """The same hook for `await`: it only queues, so that it runs where it is called."""

    @functools.wraps(plain)
    async def call(*args: P.args, **kwargs: P.kwargs) -> R:
        return plain(*args, **kwargs)

    call.__name__ = call.__qualname__ = name
    return call
