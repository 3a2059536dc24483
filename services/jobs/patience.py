"""Writing to a store that a server writes to as well: who comes from outside waits for a gap, and tries again."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection

from services.errors import StoreUnavailable
from services.storage.engine import Store

TRIES = 10
PAUSE_SECONDS = 0.2


def patiently(store: Store) -> Callable[[Callable[[Connection], Any]], Any]:
    """Runs work in a write transaction of its own; StoreUnavailable only after it was tried for a while."""

    def write(work: Callable[[Connection], Any]) -> Any:
        for _ in range(TRIES - 1):
            try:
                return store.transact(work)
            except StoreUnavailable:
                time.sleep(PAUSE_SECONDS)
        return store.transact(work)

    return write
