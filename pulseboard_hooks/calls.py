"""What makes a hook of a function: it takes what the function composes to the outbox, and never raises."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, ParamSpec, TypeVar, cast

from pulseboard_hooks.events import Event
from pulseboard_hooks.process import Process, current

P = ParamSpec("P")
R = TypeVar("R")


def hook(compose: Callable[P, Event]) -> Callable[P, str | None]:
    """A function that keeps the event that `compose` makes, and returns its id; None where it was not taken.

    Errors: none, not even for wrong arguments: what is wrong is logged and counted.
    """

    @functools.wraps(compose)
    def call(*args: P.args, **kwargs: P.kwargs) -> str | None:
        event = _composed(compose, *args, **kwargs)
        return None if event is None else current().take(event)

    return call


def twin(plain: Callable[P, str | None], name: str) -> Callable[P, Coroutine[Any, Any, str | None]]:
    """The same hook for `await`: the event is made at once, and written to disk in a thread, so that no loop waits.

    Cancelling the call does not take the event back.
    """
    compose = cast(Callable[P, Event], plain.__wrapped__)  # type: ignore[attr-defined]

    @functools.wraps(plain)
    async def call(*args: P.args, **kwargs: P.kwargs) -> str | None:
        event = _composed(compose, *args, **kwargs)
        return None if event is None else await _taken(current(), event)

    return named(call, name)


def named(function: Callable[P, R], name: str) -> Callable[P, R]:
    function.__name__ = function.__qualname__ = name
    return function


def _composed(compose: Callable[P, Event], *args: P.args, **kwargs: P.kwargs) -> Event | None:
    try:
        return compose(*args, **kwargs)
    except (TypeError, ValueError, ArithmeticError, LookupError, AttributeError, RecursionError) as error:
        current().tally.refuse(f"{compose.__name__}: {error}")
        return None


async def _taken(process: Process, event: Event) -> str | None:
    try:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[str | None] = loop.create_future()
        process.writer().submit(_take_and_tell, process, event, loop, answer)
    except RuntimeError:  # not a loop of asyncio, or no thread can be had any more
        return process.take(event)
    return await answer


def _take_and_tell(
    process: Process, event: Event, loop: asyncio.AbstractEventLoop, answer: asyncio.Future[str | None]
) -> None:
    taken = process.take(event)
    with suppress(RuntimeError):  # the loop is closed: nobody waits any more
        loop.call_soon_threadsafe(_tell, answer, taken)


def _tell(answer: asyncio.Future[str | None], taken: str | None) -> None:
    if not answer.done():
        answer.set_result(taken)
