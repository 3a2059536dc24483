"""Rollups held against the facts they are made of, wholly or by sample; all of it one snapshot of the store."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection

from services.metrics import day_rollups, sites
from services.metrics.deltas import Cell
from services.metrics.sites import Site
from services.storage import coherence, queue
from services.storage.engine import Store

Progress = Callable[[int, int], None]
"""Called with (days done, days in all)."""
SiteDay = tuple[Site, date]


@dataclass(frozen=True, slots=True)
class Difference:
    """A cell that is not what the facts say, or a row of one table that another contradicts; None: there is none.

    `measure` is a column of `table`.
    """

    site: str
    table: str
    key: tuple[object, ...]
    measure: str
    expected: int | None
    found: int | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found, and what is no difference but should be known.

    `days` were compared, for each site; `waiting` events are accepted and not in the facts yet, `letters` could not be
    brought there; the rollups of the sites `rebuilding` are not there to be compared.
    """

    differences: list[Difference]
    days: int
    waiting: int
    letters: int
    rebuilding: tuple[str, ...]


def verify(
    store: Store, progress: Progress = lambda _done, _all: None, sample: int | None = None, seed: int = 0
) -> Verdict:
    """Everything that differs; of `sample` days of any sites, picked by `seed`, if that is given."""
    with store.reading() as connection:
        known = sites.load(connection)
        built = [site for site in known.values() if not site.rebuilding]
        days = [(site, day) for site in built for day in day_rollups.dates(connection, site)]
        found = [] if sample is not None else list(_beside_days(connection, known))
        if sample is not None:
            days = _picked(days, sample, seed)
        for done, (site, day) in enumerate(days, 1):
            found += _of_day(connection, site, day)
            progress(done, len(days))
        return Verdict(
            differences=found,
            days=len(days),
            waiting=sum(queue.backlog(connection).events.values()),
            letters=queue.count_letters(connection, list(known)),
            rebuilding=tuple(site.id for site in known.values() if site.rebuilding),
        )


def differences(store: Store) -> list[Difference]:
    """All of them."""
    return verify(store).differences


def _picked(days: Sequence[SiteDay], sample: int, seed: int) -> list[SiteDay]:
    """In their order."""
    picker = random.Random(seed)  # noqa: S311  # no secret hangs on it
    return [days[place] for place in sorted(picker.sample(range(len(days)), min(sample, len(days))))]


def _of_day(connection: Connection, site: Site, day: date) -> Iterator[Difference]:
    expected, found = day_rollups.right(connection, site, day), day_rollups.stored(connection, site, day)
    for table in day_rollups.TABLES:
        rows = expected[table.name], found[table.name]
        yield from _compared(site.id, table.name, *rows, day_rollups.measures(table))


def _beside_days(connection: Connection, known: Mapping[str, Site]) -> Iterator[Difference]:
    """What no day holds: rows of none, and tables that contradict each other."""
    for site in known.values():
        if not site.rebuilding:
            for table, rows in day_rollups.strays(connection, site):
                yield from _compared(site.id, table.name, {}, rows, day_rollups.measures(table))
    for contradiction in coherence.contradictions(connection):
        yield Difference(*contradiction)


def _compared(
    site: str, table: str, expected: Mapping[Any, Cell], found: Mapping[Any, Cell], measures: Sequence[str]
) -> Iterator[Difference]:
    nothing = [0] * len(measures)
    wrong = (key for key in {*expected, *found} if expected.get(key, nothing) != found.get(key, nothing))
    for key in sorted(wrong, key=repr):
        right, actual = expected.get(key, nothing), found.get(key, nothing)
        for measure, wanted, have in zip(measures, right, actual, strict=True):
            if wanted != have:
                yield Difference(site, table, key, measure, wanted, have)
