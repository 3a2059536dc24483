"""Waiting for what another thread or process does, without guessing how long it takes."""

from __future__ import annotations

import time
from collections.abc import Callable

LONG_SECONDS = 20


def until(happened: Callable[[], object], seconds: float = LONG_SECONDS) -> None:
    """Returns as soon as it is so; fails where it never is."""
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.005)
