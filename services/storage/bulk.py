"""Many rows in one statement: inserts and upserts as positional SQL, made once for each table.

The hot path writes tuples straight through the driver; names in the SQL come from the tables alone. SQLite takes rows
of values, PostgreSQL a COPY or arrays (services/storage/arrays.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain, islice
from typing import Any

from sqlalchemy import Connection, Table

from services.storage import arrays
from services.storage.tables import PARTITIONED

Row = tuple[Any, ...]

IN_LIST = 400
"""How many values one `IN (…)` holds: well under SQLite's limit of parameters."""


_ROWS_AT_ONCE = (100, 20, 5, 1)
"""Few sizes, so that the statements stay prepared."""


def insert(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Rows in the table's column order; a key that is there already is an error."""
    if rows and is_postgres(connection):
        arrays.copy(connection, table, rows)
    else:
        _write(connection, table, rows, "")


def replace(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Rows in the table's column order, their keys all different; where one is there already, the rest is replaced."""
    _upsert(connection, table, rows, "{c} = excluded.{c}")


def add(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Rows in the table's column order, their keys all different; where one is there already, the rest is added."""
    _upsert(connection, table, rows, "{c} = {t}.{c} + excluded.{c}")


def chunks(values: Iterable[str], size: int = IN_LIST) -> Iterator[list[str]]:
    rest = iter(values)
    while chunk := list(islice(rest, size)):
        yield chunk


def select_in(connection: Connection, sql: str, fixed: Row, values: Iterable[str]) -> Iterator[Row]:
    """Rows of `sql`, which ends in `IN {values}`, asked for in pieces; `fixed` fills its earlier places (`{p}`)."""
    if is_postgres(connection):
        listed = list(values)
        if listed:
            text = sql.replace("IN {values}", "= ANY({p}::text[])").format(p="%s")
            yield from map(tuple, connection.exec_driver_sql(text, (*fixed, arrays.of_texts(listed))))
        return
    for chunk in chunks(values):
        text = sql.format(p="?", values="(" + ", ".join("?" * len(chunk)) + ")")
        yield from map(tuple, connection.exec_driver_sql(text, (*fixed, *chunk)))


def execute(connection: Connection, sql: str, rows: Sequence[Row]) -> None:
    """`sql` for each row, its places written `{p}`."""
    if rows:
        connection.exec_driver_sql(sql.format(p=mark(connection)), list(rows))


def is_postgres(connection: Connection) -> bool:
    return connection.dialect.name == "postgresql"


def mark(connection: Connection) -> str:
    """How this store writes a place that is filled with a value."""
    return "?" if connection.dialect.paramstyle == "qmark" else "%s"


def _conflict(table: Table, setter: str, more: Sequence[str] = ()) -> str:
    """What an insert does where the key is there already."""
    keys = [*(column.name for column in table.primary_key), *more]
    others = [column.name for column in table.columns if column.name not in keys]
    settings = ", ".join(setter.format(c=name, t=table.name) for name in others)
    return f" ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {settings}"


def _upsert(connection: Connection, table: Table, rows: Sequence[Row], setter: str) -> None:
    if rows and is_postgres(connection):
        more = ("occurred_at",) if table.name in PARTITIONED else ()
        arrays.insert(connection, table, rows, _conflict(table, setter, more))
    else:
        _write(connection, table, rows, setter)


def _write(connection: Connection, table: Table, rows: Sequence[Row], setter: str) -> None:
    """Writes many rows a statement: with one a row, the driver would give way to other threads after each of them."""
    done = 0
    while done < len(rows):
        count = next(size for size in _ROWS_AT_ONCE if size <= len(rows) - done)
        values = tuple(chain.from_iterable(rows[done : done + count]))
        connection.exec_driver_sql(_write_sql(table, setter, count), values)
        done += count


@lru_cache
def _write_sql(table: Table, setter: str, count: int) -> str:
    columns = [column.name for column in table.columns]
    row = f"({', '.join('?' * len(columns))})"
    sql = f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES {', '.join([row] * count)}"  # noqa: S608  # our own names
    return sql + _conflict(table, setter) if setter else sql
