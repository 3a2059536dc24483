"""Facts in the store: read and written many at a time, inside the transaction that brings events into the figures."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

from sqlalchemy import Connection

from services.clock import Instant
from services.events.facts import Action, Line, Order, Payment, Refund, Stamp, Stock
from services.metrics.contributions import OrderState
from services.storage import bulk, places, tables

FirstOrder = tuple[Instant, str]
"""When a customer first ordered at a site, and with which order; the lesser id of two at one instant."""


_ORDER_SQL = """
    SELECT order_id, source, event_id, occurred_at, staff_id, customer_id, channel, payment_method, customer_type,
           order_size, total, discount, tax, tip, items
    FROM orders WHERE site = {p}"""
_LINE_SQL = "SELECT order_id, position, product, category, quantity, amount FROM order_lines WHERE site = {p}"
_REFUND_SQL = """
    SELECT order_id, source, event_id, occurred_at, asked
    FROM refunds WHERE site = {p} AND order_id IN {values}"""


def load_orders(connection: Connection, site: str, order_ids: Iterable[str]) -> dict[str, OrderState]:
    """The state of each of these orders; one that was never heard of is there, empty."""
    states = {order_id: OrderState(order_id) for order_id in order_ids}
    placed, refunded = places.of_orders(connection, site, states)
    rows = list(places.select(connection, _ORDER_SQL, site, "order_id", placed))
    lines: dict[str, list[tuple[int, Line]]] = {row[0]: [] for row in rows}
    for order_id, position, *line in places.select(connection, _LINE_SQL, site, "order_id", placed.only(lines)):
        lines[order_id].append((position, Line(*line)))
    for row in rows:
        state = states[row[0]]
        ordered = tuple(line for _, line in sorted(lines[row[0]], key=lambda pair: pair[0]))
        state.order, state.customer_type = _order(row, ordered)
    for order_id, source, event_id, at, asked in bulk.select_in(connection, _REFUND_SQL, (site,), refunded):
        states[order_id].refunds[(source, event_id)] = Refund(order_id, (at, event_id, source), asked)
    return states


def _order(row: bulk.Row, lines: tuple[Line, ...]) -> tuple[Order, str]:
    order_id, source, event_id, at, staff, customer, channel, method, customer_type, size = row[:10]
    total, discount, tax, tip, items = row[10:]
    stamp = (at, event_id, source)
    order = Order(
        order_id, stamp, total, discount, tax, tip, items, staff, customer, channel, method, size, lines
    )  # fmt: skip
    return order, customer_type


def save_orders(connection: Connection, site: str, changed: Sequence[tuple[OrderState, OrderState]]) -> None:
    """Writes what is new of each (old, new) state."""
    orders: list[bulk.Row] = []
    moved: list[bulk.Row] = []
    lines: list[bulk.Row] = []
    stale_lines: list[bulk.Row] = []
    refunds: list[bulk.Row] = []
    for old, new in changed:
        order, before = new.order, old.order
        if order is not None and (order is not before or new.customer_type != old.customer_type):
            orders.append(_order_row(site, order, new.customer_type))
            if before is not None:
                moved.append((site, order.order_id, before.at))
        if order is not None and (before is None or order.lines != before.lines or order.at != before.at):
            lines.extend(_line_rows(site, order))
            if before is not None and before.lines:
                stale_lines.append((site, order.order_id, before.at))
        if new.refunds:
            refunds.extend(_refund_rows(site, new))
    places.replace(connection, tables.orders, "order_id", moved, orders)
    bulk.execute(connection, _DELETE_LINES, stale_lines)
    bulk.insert(connection, tables.order_lines, lines)
    bulk.replace(connection, tables.refunds, refunds)
    places.note_orders(connection, site, changed)


_DELETE_LINES = "DELETE FROM order_lines WHERE site = {p} AND order_id = {p} AND occurred_at = {p}"


def _order_row(site: str, order: Order, customer_type: str) -> bulk.Row:
    at, event_id, source = order.stamp
    return (
        site, order.order_id, source, event_id, at,
        order.staff_id, order.customer_id, order.channel, order.payment_method, customer_type, order.order_size,
        order.total, order.discount, order.tax, order.tip, order.items,
        len(order.lines), sum(line.amount for line in order.lines),
    )  # fmt: skip


def _line_rows(site: str, order: Order) -> Iterator[bulk.Row]:
    for position, line in enumerate(order.lines):
        yield (site, order.order_id, position, line.product, line.category, line.quantity, line.amount, order.at)


def _refund_rows(site: str, state: OrderState) -> Iterator[bulk.Row]:
    for booking in state.bookings():
        at, event_id, source = booking.refund.stamp
        asked = booking.refund.asked
        yield (site, state.order_id, source, event_id, at, asked, booking.booked, int(booking.cancels))


def load_first_orders(connection: Connection, site: str, customer_ids: Iterable[str]) -> dict[str, FirstOrder]:
    sql = "SELECT customer_id, first_at, first_order FROM customers WHERE site = {p} AND customer_id IN {values}"
    return {row[0]: (row[1], row[2]) for row in bulk.select_in(connection, sql, (site,), customer_ids)}


def earliest_orders(
    connection: Connection, site: str, customer_ids: Iterable[str], without: Container[str]
) -> dict[str, FirstOrder]:
    """The same, looked up anew among the orders that are not in `without`."""
    sql = "SELECT customer_id, occurred_at, order_id FROM orders WHERE site = {p} AND customer_id IN {values}"
    earliest: dict[str, FirstOrder] = {}
    for customer_id, at, order_id in bulk.select_in(connection, sql, (site,), customer_ids):
        first = earliest.get(customer_id)
        if order_id not in without and (first is None or (at, order_id) < first):
            earliest[customer_id] = (at, order_id)
    return earliest


def save_first_orders(connection: Connection, site: str, firsts: Mapping[str, FirstOrder | None]) -> None:
    gone = [(site, customer_id) for customer_id, first in firsts.items() if first is None]
    bulk.execute(connection, "DELETE FROM customers WHERE site = {p} AND customer_id = {p}", gone)
    rows = [(site, customer_id, *first) for customer_id, first in firsts.items() if first is not None]
    bulk.replace(connection, tables.customers, rows)


_PAYMENT_SQL = """
    SELECT payment_key, occurred_at, event_id, source, order_id, payment_method, amount, status
    FROM payments WHERE site = {p}"""


def load_payments(connection: Connection, site: str, keys: Iterable[str]) -> dict[str, Payment]:
    placed = places.of_payments(connection, site, keys)
    rows = places.select(connection, _PAYMENT_SQL, site, "payment_key", placed)
    return {key: Payment(key, (at, event_id, source), *rest) for key, at, event_id, source, *rest in rows}


def save_payments(
    connection: Connection, site: str, payments: Sequence[Payment], before: Mapping[str, Payment]
) -> None:
    """Writes these payments; `before` has those that were there already."""
    moved = [(site, p.key, before[p.key].stamp[0]) for p in payments if p.key in before]
    rows = [
        (site, p.key, p.stamp[2], p.stamp[1], p.stamp[0], p.order_id, p.payment_method, p.amount, p.status)
        for p in payments
    ]
    places.replace(connection, tables.payments, "payment_key", moved, rows)
    places.note_payments(connection, site, payments)


def insert_actions(connection: Connection, site: str, actions: Iterable[Action]) -> None:
    rows = [(site, a.stamp[2], a.stamp[1], a.kind, a.stamp[0], a.staff_id, a.action_type, a.severity) for a in actions]
    bulk.insert(connection, tables.actions, rows)


def insert_stock(connection: Connection, site: str, levels: Iterable[Stock]) -> None:
    rows = [(site, s.product, s.stamp[2], s.stamp[1], s.stamp[0], s.quantity, s.reorder_level) for s in levels]
    bulk.insert(connection, tables.stock, rows)


def save_staff_names(connection: Connection, site: str, names: Mapping[str, tuple[Stamp, str]]) -> bool:
    """Keeps the name last heard of each member of staff; True where one changed."""
    sql = "SELECT staff_id, occurred_at, event_id, source, name FROM staff WHERE site = {p} AND staff_id IN {values}"
    known = {row[0]: ((row[1], row[2], row[3]), row[4]) for row in bulk.select_in(connection, sql, (site,), names)}
    newer = {who: heard for who, heard in names.items() if who not in known or heard[0] > known[who][0]}
    rows = [(site, staff_id, name, *stamp) for staff_id, (stamp, name) in newer.items()]
    bulk.replace(connection, tables.staff, rows)
    return any(who not in known or known[who][1] != name for who, (_, name) in newer.items())
