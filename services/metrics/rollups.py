"""The rollups in the store: changed by deltas, built anew from facts, compared with a recount.

Source: docs/decisions/0004-rollups-change-by-differences.md.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sqlalchemy import Connection, text

from services.clock import Instant
from services.metrics.deltas import Deltas
from services.storage import bulk, tables


def apply(connection: Connection, site: str, deltas: Deltas) -> None:
    """Adds the deltas to the site's rollups."""
    hours = [(site, dimension, hour, date, value, *cell) for (dimension, hour, date, value), cell in _changed(deltas)]
    bulk.add(connection, tables.rollup_hour, hours)
    days = [(site, *key, *cell) for key, cell in deltas.days().items() if any(cell)]
    bulk.add(connection, tables.rollup_day, days)
    minutes = [(site, minute, *cell) for minute, cell in deltas.minutes.items() if any(cell)]
    bulk.add(connection, tables.rollup_minute, minutes)
    customers = [(site, *key, count) for key, count in deltas.customers.items() if count]
    bulk.add(connection, tables.customer_day, customers)


def _changed(deltas: Deltas) -> Iterable[tuple[tuple[str, Instant, str, str], list[int]]]:
    return ((key, cell) for key, cell in deltas.hours.items() if any(cell))


def bump_topics(connection: Connection, site: str, metrics: Collection[str]) -> dict[str, int]:
    """New versions, which are returned, for these metrics at the site: cached figures of them are out of date."""
    bulk.add(connection, tables.topic_versions, [(site, metric, 1) for metric in sorted(metrics)])
    sql = "SELECT metric, version FROM topic_versions WHERE site = {p} AND metric IN {values}"
    rows = bulk.select_in(connection, sql, (site,), sorted(metrics))
    return {row[0]: row[1] for row in rows}


def prune_minutes(connection: Connection, site: str, before: Instant) -> None:
    """Forgets minute rollups before an instant; queries for earlier minutes go to the facts."""
    bounds = {"site": site, "before": before}
    moved = text("UPDATE sites SET minutes_from = :before WHERE id = :site AND minutes_from < :before")
    connection.execute(moved, bounds)
    connection.execute(text("DELETE FROM rollup_minute WHERE site = :site AND minute < :before"), bounds)
