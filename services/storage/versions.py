"""Topic versions after a restore: ahead of all that any cache or screen has seen, so that nothing earlier is right."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection

from services.clock import Instant
from services.storage import bulk


def move_past(connection: Connection, sites: Iterable[str], metrics: Iterable[str], now: Instant) -> None:
    """Sets every version to `now` in microseconds, which counting by one never reaches."""
    names = list(metrics)
    rows = [(site, metric, now) for site in sorted(sites) for metric in sorted(names)]
    sql = (
        "INSERT INTO topic_versions (site, metric, version) VALUES ({p}, {p}, {p}) "
        "ON CONFLICT (site, metric) DO UPDATE SET version = excluded.version "
        "WHERE topic_versions.version < excluded.version"
    )
    bulk.execute(connection, sql, rows)
