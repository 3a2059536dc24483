"""Tells values to those who subscribed to `metrics`: today's figure, read within each client's own scope.

Reading takes its time, so it is done in a thread of its own; what changes meanwhile is told once, afterwards.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

from services.metrics import catalogue
from services.metrics.answer import Answer, Value, change
from services.metrics.query import Query
from services.realtime.connection import Connection
from services.realtime.messages import moment
from services.realtime.topics import ANY, parts, permitted, topic

EVERY_SECONDS = 0.1
MAX_AT_ONCE = 200


class Reading(Protocol):
    @property
    def answer(self) -> Answer | None: ...


class Values:
    """Waits for changes that concern subscribers of values, reads, and tells them."""

    def __init__(
        self,
        read: Callable[[Sequence[Query], Any], Sequence[Reading]],
        site_ids: Callable[[], Iterable[str]],
    ) -> None:
        self.wake = threading.Event()
        self._read, self._site_ids = read, site_ids
        self._lock = threading.Lock()
        self._owed: dict[Connection, set[str]] = {}

    def ask(self, client: Connection, names: frozenset[str]) -> None:
        """Have these topics' values told to the client soon. Never waits."""
        with self._lock:
            self._owed.setdefault(client, set()).update(names)
        self.wake.set()

    def step(self) -> float:
        self.wake.clear()
        with self._lock:
            owed, self._owed = self._owed, {}
        for client, names in owed.items():
            self._tell(client, sorted(self._concrete(names, client))[:MAX_AT_ONCE])
        if owed:
            time.sleep(EVERY_SECONDS)
        return 3600.0

    def _concrete(self, names: Iterable[str], client: Connection) -> set[str]:
        """Patterns as the topics they stand for, within the client's scope."""
        found: set[str] = set()
        for metric, site in map(parts, names):
            metrics = list(catalogue.BY_NAME) if metric == ANY else [metric]
            sites = list(self._site_ids()) if site == ANY else [site]
            found |= {topic(one, where) for one in metrics if one in catalogue.BY_NAME for where in sites}
        return {name for name in found if permitted(name, client.scope)}

    def _tell(self, client: Connection, names: Sequence[str]) -> None:
        queries = [
            Query.model_validate({"metric": metric, "site": [site], "compare": "previous_period"})
            for metric, site in map(parts, names)
        ]
        for name, reading in zip(names, self._read(queries, client.scope), strict=True):
            if reading.answer is not None:
                client.say("metric_update", value_of(name, reading.answer))


def value_of(name: str, answer: Answer) -> dict[str, Any]:
    """The data of a `metric_update` frame."""
    metric, site = parts(name)
    return {
        "metric": metric,
        "site": site,
        "value": _number(answer.total),
        "change_percentage": _number(change(answer.total, answer.previous_total)),
        "unit": answer.unit.data(),
        "as_of": moment(answer.as_of),
    }


def _number(value: Value) -> float | int | None:
    """A JSON number: here alone, at the very edge, a Decimal becomes a float."""
    return value if value is None or isinstance(value, int) else float(value)
