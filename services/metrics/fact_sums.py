"""Sums straight from the facts: for what no rollup holds, and for the ends of a range that fill no whole cell.

SQL that SQLite and PostgreSQL both take; column names come from the literal tables below, values are bound.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from services.clock import MINUTE, Instant
from services.metrics.catalogue import LINE_DIMENSIONS, UNALLOCATED
from services.storage.bulk import mark

Filters = Mapping[str, Sequence[str | None]]


@dataclass(frozen=True, slots=True)
class Family:
    """Facts of one kind: where they stand (`source`), what sums they give and what they can be split by.

    `f` is the fact's alias; `columns` and `sums` are SQL over it. `always` restricts its rows, `fixed` names
    dimensions whose value is the same in every row. Where `of_order`, the columns are those of the fact's order, `o`.
    """

    source: str
    sums: Mapping[str, str]
    columns: Mapping[str, str]
    always: str = ""
    fixed: Mapping[str, str] | None = None
    instants: tuple[str, ...] = ("f.occurred_at",)
    """What lies in the stretch: each tells PostgreSQL which months of its table to leave alone."""
    of_order: bool = False


_ORDER_COLUMNS = {
    "staff": "f.staff_id",
    "customer_type": "f.customer_type",
    "order_size": "f.order_size",
    "channel": "f.channel",
    "payment_method": "f.payment_method",
}
ORDERS = Family(
    "orders f",
    {
        "orders": "COUNT(*)",
        "revenue": "SUM(f.total)",
        "discounts": "SUM(f.discount)",
        "tax": "SUM(f.tax)",
        "tips": "SUM(f.tip)",
        "items": "SUM(f.items)",
    },
    _ORDER_COLUMNS,
)
LINES = Family(
    "orders f JOIN order_lines l ON l.site = f.site AND l.order_id = f.order_id AND l.occurred_at = f.occurred_at",
    {
        "orders": "COUNT(DISTINCT f.order_id)",
        "revenue": "SUM(l.amount)",
        "items": "SUM(l.quantity)",
        "lines": "COUNT(*)",
    },
    {**_ORDER_COLUMNS, "product": "l.product", "category": "l.category"},
    instants=("f.occurred_at", "l.occurred_at"),
)
REMAINDERS = Family(
    "orders f",
    {
        "revenue": "SUM(f.total - f.lines_amount)",
        "items": "SUM(CASE WHEN f.lines = 0 THEN f.items ELSE 0 END)",
        "lines": "COUNT(*)",
    },
    _ORDER_COLUMNS,
    always="(f.total <> f.lines_amount OR (f.lines = 0 AND f.items <> 0))",
    fixed=dict.fromkeys(LINE_DIMENSIONS, UNALLOCATED),
)
REFUNDS = Family(
    "refunds f",
    {"refunds": "SUM(f.booked)", "refund_count": "COUNT(*)", "cancellations": "SUM(f.cancels)"},
    {"staff": "o.staff_id", "channel": "o.channel", "payment_method": "o.payment_method"},
    always="f.booked IS NOT NULL",
    of_order=True,
)
PAYMENTS = Family(
    "payments f",
    {
        "payments": "SUM(CASE WHEN f.status = 'success' THEN 1 ELSE 0 END)",
        "payment_amount": "SUM(CASE WHEN f.status = 'success' THEN f.amount ELSE 0 END)",
        "payment_failures": "SUM(CASE WHEN f.status = 'failed' THEN 1 ELSE 0 END)",
    },
    {"payment_method": "f.payment_method"},
)
_ACTIONS = {
    "staff_actions": ("staff_action", {"staff": "f.staff_id", "action_type": "f.action_type"}),
    "customer_actions": ("customer_action", {"action_type": "f.action_type"}),
    "system_events": ("system_event", {"severity": "f.severity"}),
}
ACTIONS = tuple(
    Family("actions f", {measure: "COUNT(*)"}, columns, always=f"f.kind = '{kind}'")
    for measure, (kind, columns) in _ACTIONS.items()
)


def families(measures: frozenset[str], dimensions: frozenset[str]) -> list[Family]:
    """Those that together give these measures by these dimensions."""
    of_orders = (LINES, REMAINDERS) if dimensions & set(LINE_DIMENSIONS) else (ORDERS,)
    return [family for family in (*of_orders, REFUNDS, PAYMENTS, *ACTIONS) if measures & set(family.sums)]


def read(
    connection: Connection,
    family: Family,
    site: str,
    stretch: tuple[Instant, Instant],
    dimensions: Sequence[str],
    filters: Filters,
    *,
    by_minute: bool,
) -> Iterator[tuple[Instant, tuple[str | None, ...], dict[str, int]]]:
    """(minute or 0, values of `dimensions`, {measure: sum}) over the facts in the half-open stretch."""
    if not _can_hold(family, filters):
        return
    fixed = family.fixed or {}
    keys = [f"f.occurred_at / {MINUTE}"] if by_minute else []
    keys += [family.columns[name] for name in dimensions if name not in fixed]
    source = family.source + (order_of(connection) if family.of_order and (dimensions or filters) else "")
    where, values = _where(connection, family, site, stretch, filters)
    sql = f"SELECT {', '.join([*keys, *family.sums.values()])} FROM {source} WHERE {where}"  # noqa: S608  # literals
    if keys:
        sql += f" GROUP BY {', '.join(keys)}"
    for row in connection.exec_driver_sql(sql, tuple(values)):
        minute = row[0] * MINUTE if by_minute else 0
        found = iter(row[int(by_minute) : len(keys)])
        labels = tuple(fixed[name] if name in fixed else next(found) for name in dimensions)
        sums = dict(zip(family.sums, row[len(keys) :], strict=True))
        yield minute, labels, {name: int(amount or 0) for name, amount in sums.items()}


def order_of(connection: Connection) -> str:
    """Joins to a fact `f` its order `o`, if there is one; on PostgreSQL its key tells in which month to look."""
    if connection.dialect.name != "postgresql":
        return " LEFT JOIN orders o ON o.site = f.site AND o.order_id = f.order_id"
    return (
        " LEFT JOIN order_keys k ON k.site = f.site AND k.order_id = f.order_id"
        " LEFT JOIN orders o ON o.site = k.site AND o.order_id = k.order_id AND o.occurred_at = k.occurred_at"
    )


def _can_hold(family: Family, filters: Filters) -> bool:
    fixed = family.fixed or {}
    return all(fixed[name] in values for name, values in filters.items() if name in fixed)


def _where(
    connection: Connection, family: Family, site: str, stretch: tuple[Instant, Instant], filters: Filters
) -> tuple[str, list[object]]:
    place = mark(connection)
    clauses = [f"f.site = {place}"]
    values: list[object] = [site]
    for instant in family.instants:
        clauses.append(f"{instant} >= {place} AND {instant} < {place}")
        values += stretch
    if family.always:
        clauses.append(family.always)
    for name, wanted in filters.items():
        if name in (family.fixed or {}):
            continue
        clause, bound = in_list(family.columns[name], wanted, place)
        clauses.append(clause)
        values += bound
    return " AND ".join(clauses), values


def in_list(column: str, wanted: Sequence[str | None], place: str) -> tuple[str, list[object]]:
    """`column` is one of these values, None being a missing one; the clause and what it binds."""
    named: list[object] = [value for value in wanted if value is not None]
    parts = [f"{column} IN ({', '.join([place] * len(named))})"] if named else []
    if None in wanted:
        parts.append(f"{column} IS NULL")
    return f"({' OR '.join(parts) or '1 = 0'})", named
