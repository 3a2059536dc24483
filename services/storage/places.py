"""Where facts lie: on PostgreSQL the instant of an order or a payment, which a key table holds, tells its partition.

SQLite's tables are whole: there every key may be asked for at once, and a row is replaced in its place.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Table

from services.clock import Instant
from services.events.facts import Payment
from services.metrics.contributions import OrderState
from services.storage import bulk, tables


@dataclass(frozen=True, slots=True)
class Placed:
    """Keys that may be there; `between` bounds their instants where that tells partitions."""

    keys: Collection[str]
    between: tuple[Instant, Instant] | None = None

    def only(self, keys: Collection[str]) -> Placed:
        return Placed(keys, self.between)


def of_orders(connection: Connection, site: str, order_ids: Collection[str]) -> tuple[Placed, Collection[str]]:
    """Which of these orders may be there and where, and which may have refunds."""
    if not bulk.is_postgres(connection):
        return Placed(order_ids), order_ids
    sql = "SELECT order_id, occurred_at, refunded FROM order_keys WHERE site = {p} AND order_id IN {values}"
    known = list(bulk.select_in(connection, sql, (site,), order_ids))
    return _placed({row[0]: row[1] for row in known if row[1] is not None}), [row[0] for row in known if row[2]]


def of_payments(connection: Connection, site: str, keys: Iterable[str]) -> Placed:
    wanted = list(keys)
    if not bulk.is_postgres(connection):
        return Placed(wanted)
    sql = "SELECT payment_key, occurred_at FROM payment_keys WHERE site = {p} AND payment_key IN {values}"
    return _placed({row[0]: row[1] for row in bulk.select_in(connection, sql, (site,), wanted)})


def _placed(instants: Mapping[str, Instant]) -> Placed:
    return Placed(list(instants), (min(instants.values()), max(instants.values())) if instants else None)


def select(connection: Connection, sql: str, site: str, key: str, placed: Placed) -> Iterator[bulk.Row]:
    """Rows of `sql`, which ends in the condition on the site, with these keys."""
    if placed.between is None:
        return bulk.select_in(connection, f"{sql} AND {key} IN {{values}}", (site,), placed.keys)
    bounded = f"{sql} AND occurred_at BETWEEN {{p}} AND {{p}} AND {key} IN {{values}}"
    return bulk.select_in(connection, bounded, (site, *placed.between), placed.keys)


def replace(
    connection: Connection, table: Table, key: str, moved: Sequence[bulk.Row], rows: Sequence[bulk.Row]
) -> None:
    """Writes rows of which some take the place of others: `moved` has (site, key, instant) of those."""
    if not bulk.is_postgres(connection):
        bulk.replace(connection, table, rows)
        return
    gone = f"DELETE FROM {table.name} WHERE site = {{p}} AND {key} = {{p}} AND occurred_at = {{p}}"  # noqa: S608  # our own names
    bulk.execute(connection, gone, moved)
    bulk.insert(connection, table, rows)


def note_orders(connection: Connection, site: str, changed: Sequence[tuple[OrderState, OrderState]]) -> None:
    """Keeps where orders lie now that lay elsewhere, by their (old, new) states."""
    if bulk.is_postgres(connection):
        places = [(new.order_id, _place(old), _place(new)) for old, new in changed]
        rows = [(site, order_id, *now) for order_id, before, now in places if now != before]
        bulk.replace(connection, tables.order_keys, rows)


def _place(state: OrderState) -> tuple[Instant | None, int]:
    return None if state.order is None else state.order.at, int(bool(state.refunds))


def note_payments(connection: Connection, site: str, payments: Sequence[Payment]) -> None:
    if bulk.is_postgres(connection):
        bulk.replace(connection, tables.payment_keys, [(site, p.key, p.stamp[0]) for p in payments])
