"""Many rows in one statement: inserts and upserts as positional SQL, made once for each table.

The hot path writes tuples straight through the driver; names in the SQL come from the tables alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Table

Row = tuple[Any, ...]

IN_LIST = 400
"""How many values one `IN (…)` holds: well under every store's limit of parameters."""


def insert(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Rows in the table's column order; a key that is there already is an error."""
    _run(connection, _insert_sql(table, mark(connection)), rows)


def replace(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Rows in the table's column order; where the key is there already, all other columns are replaced."""
    _run(connection, _upsert_sql(table, mark(connection), "{c} = excluded.{c}"), rows)


def add(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Rows in the table's column order; where the key is there already, all other columns are added to it."""
    _run(connection, _upsert_sql(table, mark(connection), "{c} = {t}.{c} + excluded.{c}"), rows)


def chunks(values: Iterable[str], size: int = IN_LIST) -> Iterator[list[str]]:
    rest = iter(values)
    while chunk := list(islice(rest, size)):
        yield chunk


def select_in(connection: Connection, sql: str, fixed: Row, values: Iterable[str]) -> Iterator[Row]:
    """Rows of `sql`, which ends in `IN {values}`, asked for in pieces; `fixed` fills its earlier places (`{p}`)."""
    place = mark(connection)
    for chunk in chunks(values):
        text = sql.format(p=place, values="(" + ", ".join([place] * len(chunk)) + ")")
        yield from map(tuple, connection.exec_driver_sql(text, (*fixed, *chunk)))


def execute(connection: Connection, sql: str, rows: Sequence[Row]) -> None:
    """`sql` for each row, its places written `{p}`."""
    _run(connection, lambda: sql.format(p=mark(connection)), rows)


def _run(connection: Connection, sql: Callable[[], str] | str, rows: Sequence[Row]) -> None:
    if rows:
        connection.exec_driver_sql(sql if isinstance(sql, str) else sql(), list(rows))


def mark(connection: Connection) -> str:
    """How this store writes a place that is filled with a value."""
    return "?" if connection.dialect.paramstyle == "qmark" else "%s"


@lru_cache
def _insert_sql(table: Table, mark: str) -> str:
    columns = [column.name for column in table.columns]
    marks = ", ".join([mark] * len(columns))
    return f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608  # names of our own tables


@lru_cache
def _upsert_sql(table: Table, mark: str, setter: str) -> str:
    keys = [column.name for column in table.primary_key]
    others = [column.name for column in table.columns if column.name not in keys]
    settings = ", ".join(setter.format(c=name, t=table.name) for name in others)
    return f"{_insert_sql(table, mark)} ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {settings}"
