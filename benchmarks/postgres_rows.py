"""What (h) compares with: the rows that Pulseboard writes on PostgreSQL, taken down, and two others who write them."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any
from unittest import mock

import psycopg
from sqlalchemy import Table, create_engine, insert, make_url

from benchmarks.places import EVERYTHING, settings_for
from services.clock import to_instant
from services.container import build, prepare
from services.storage import arrays, tables
from services.storage.partitions import Partitions

Row = tuple[Any, ...]
Batch = list[dict[str, Any]]
NEW_WITH_THEIR_EVENT = frozenset({"event_keys", "order_keys"})
"""Pulseboard has to ask whether these are there already; who copies them knows that they are not."""


@dataclass(slots=True)
class Written:
    """What becomes of one batch: tables whose rows are all new, and upserts with what they do about a known key."""

    copies: list[tuple[Table, Sequence[Row]]] = field(default_factory=list)
    upserts: list[tuple[Table, Sequence[Row], str]] = field(default_factory=list)

    def rows_of(self, table: Table) -> list[Row]:
        return [row for one, rows in self.copies if one is table for row in rows]


def taken_down(database: str, batches: Sequence[Batch]) -> list[Written]:
    """What services of this process write for each batch: into the log, the facts and the rollups, not the queue."""
    prepare(settings_for(database))
    services = build(settings_for(database))
    services.writer.start()
    written: list[Written] = []
    with _taking_down(written):
        for batch in batches:
            written.append(Written())
            services.intake.accept(batch, scope=EVERYTHING, source="benchmark")
            while services.processor.step() == 0.0:
                pass
    assert services.processor.applied == sum(map(len, batches))
    services.writer.stop()
    services.store.close()
    return written


@contextmanager
def _taking_down(written: list[Written]) -> Iterator[None]:
    copy, upsert = arrays.copy, arrays.insert
    within: list[Table] = []  # a short copy is an insert

    def noted_copy(connection: Any, table: Table, rows: Sequence[Row]) -> None:
        if table is not tables.event_queue:
            written[-1].copies.append((table, list(rows)))
        within.append(table)
        copy(connection, table, rows)
        within.pop()

    def noted_insert(connection: Any, table: Table, rows: Sequence[Row], *how: str) -> list[Row]:
        if not within and table.name in NEW_WITH_THEIR_EVENT:
            written[-1].copies.append((table, list(rows)))
        elif not within:
            written[-1].upserts.append((table, list(rows), how[0]))
        return upsert(connection, table, rows, *how)

    with mock.patch.object(arrays, "copy", noted_copy), mock.patch.object(arrays, "insert", noted_insert):
        yield


def _ready(database: str, batches: Sequence[Batch]) -> None:
    """Makes the tables, and the partitions of all the batches' months."""
    prepare(settings_for(database))
    services = build(settings_for(database))
    instants = [to_instant(datetime.fromisoformat(one["occurred_at"])) for batch in batches for one in batch]
    Partitions(services.store).ensure(instants)
    services.store.close()


class Copied:
    """One psycopg connection that is given the rows ready made: a COPY for each table, an upsert for each rollup."""

    def __init__(self, database: str, batches: Sequence[Batch], written: Sequence[Written]) -> None:
        _ready(database, batches)
        self._connection = psycopg.connect(database, prepare_threshold=1)
        self._size = len(batches[0])
        self._written = iter(written)

    def take(self, count: int) -> float:
        """Events per second over the next `count` batches, a transaction for each."""
        taken = list(islice(self._written, count))
        begun = time.perf_counter()
        for one in taken:
            self._write(one)
        return count * self._size / (time.perf_counter() - begun)

    def _write(self, one: Written) -> None:
        with self._connection.cursor() as cursor:
            for table, rows in one.copies:
                with cursor.copy(_copy(table)) as into:
                    for row in rows:
                        into.write_row(row)
            for table, rows, on_conflict in one.upserts:
                cursor.execute(_upsert(table, on_conflict), [list(column) for column in zip(*rows, strict=True)])
        self._connection.commit()

    def close(self) -> None:
        self._connection.close()


def _copy(table: Table) -> bytes:
    return f"COPY {table.name} ({', '.join(column.name for column in table.columns)}) FROM STDIN".encode()


def _upsert(table: Table, on_conflict: str) -> bytes:
    names = ", ".join(column.name for column in table.columns)
    arrays_of = ", ".join(f"%s::{column.type.compile().lower()}[]" for column in table.columns)
    sql = f"INSERT INTO {table.name} ({names}) SELECT * FROM unnest({arrays_of}){on_conflict}"
    return sql.replace("varchar", "text").encode()


class InsertedEvents:
    """SQLAlchemy's insertmanyvalues of the rows of the log alone, with RETURNING, a transaction for each batch."""

    def __init__(self, database: str, batches: Sequence[Batch], written: Sequence[Written]) -> None:
        _ready(database, batches)
        self._engine = create_engine(make_url(database).set(drivername="postgresql+psycopg"))
        self._size = len(batches[0])
        names = [column.name for column in tables.events.columns]
        self._rows = ([dict(zip(names, row, strict=True)) for row in one.rows_of(tables.events)] for one in written)

    def take(self, count: int) -> float:
        taken = list(islice(self._rows, count))
        begun = time.perf_counter()
        for rows in taken:
            with self._engine.begin() as connection:
                connection.execute(insert(tables.events).returning(tables.events.c.id), rows).all()
        return count * self._size / (time.perf_counter() - begun)

    def close(self) -> None:
        self._engine.dispose()
