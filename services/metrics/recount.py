"""What the facts say: the contributions of some stretch of time, read from the store and summed afresh."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from operator import itemgetter

from sqlalchemy import Connection, text

from services.clock import Instant
from services.events.facts import Action, Line, Order, Payment, Refund
from services.metrics import contributions
from services.metrics.contributions import Booking, Contribution
from services.metrics.deltas import Deltas
from services.metrics.sites import Site


def recount(connection: Connection, site: Site, start: Instant, end: Instant) -> Deltas:
    """The rollups that the facts of [start, end) make, from nothing."""
    deltas = Deltas(site.calendar, site.minutes_from)
    for order, customer_type in _orders(connection, site.id, start, end):
        deltas.change((), contributions.of_order(order, customer_type))
        if order.customer_id is not None:
            cells = (("", ""), ("staff", order.staff_id or ""), ("channel", order.channel or ""))
            deltas.count_customer(order.at, order.customer_id, cells, 1)
    deltas.change((), _of_refunds(connection, site.id, start, end))
    deltas.change((), _of_payments(connection, site.id, start, end))
    deltas.change((), _of_actions(connection, site.id, start, end))
    return deltas



_STRETCH = "f.site = :site AND f.occurred_at >= :start AND f.occurred_at < :end"


def _orders(connection: Connection, site: str, start: Instant, end: Instant) -> Iterator[tuple[Order, str]]:
    bounds = {"site": site, "start": start, "end": end}
    lines: dict[str, list[tuple[int, Line]]] = {}
    sql = (  # not in order: SQLite would rather walk all lines that there are than sort
        "SELECT l.order_id, l.position, l.product, l.category, l.quantity, l.amount FROM orders f "  # noqa: S608  # literals
        "JOIN order_lines l ON l.site = f.site AND l.order_id = f.order_id AND l.occurred_at = f.occurred_at "
        f"WHERE {_STRETCH} AND l.occurred_at >= :start AND l.occurred_at < :end"
    )
    for order_id, position, *line in connection.execute(text(sql), bounds):
        lines.setdefault(order_id, []).append((position, Line(*line)))
    for row in connection.execute(text(f"SELECT * FROM orders f WHERE {_STRETCH}"), bounds):  # noqa: S608  # literals
        stamp = (row.occurred_at, row.event_id, row.source)
        order = Order(
            row.order_id, stamp, row.total, row.discount, row.tax, row.tip, row.items,
            row.staff_id, row.customer_id, row.channel, row.payment_method, row.order_size,
            tuple(line for _, line in sorted(lines.get(row.order_id, ()), key=itemgetter(0))),
        )  # fmt: skip
        yield order, row.customer_type


def _of_refunds(connection: Connection, site: str, start: Instant, end: Instant) -> Iterator[Contribution]:
    sql = f"""
        SELECT f.order_id, f.occurred_at, f.event_id, f.source, f.asked, f.booked, f.cancels,
               o.staff_id, o.channel, o.payment_method
        FROM refunds f LEFT JOIN orders o ON o.site = f.site AND o.order_id = f.order_id
        WHERE {_STRETCH} AND f.booked IS NOT NULL"""  # noqa: S608  # literals
    for row in connection.execute(text(sql), {"site": site, "start": start, "end": end}):
        refund = Refund(row.order_id, (row.occurred_at, row.event_id, row.source), row.asked)
        booking = Booking(refund, row.booked, bool(row.cancels))
        yield from contributions.of_booking(booking, row.staff_id, row.channel, row.payment_method)


def _of_payments(connection: Connection, site: str, start: Instant, end: Instant) -> Iterable[Contribution]:
    sql = text(f"SELECT * FROM payments f WHERE {_STRETCH}")  # noqa: S608  # literals
    for row in connection.execute(sql, {"site": site, "start": start, "end": end}):
        stamp = (row.occurred_at, row.event_id, row.source)
        payment = Payment(row.payment_key, stamp, row.order_id, row.payment_method, row.amount, row.status)
        yield from contributions.of_payment(payment)


def _of_actions(connection: Connection, site: str, start: Instant, end: Instant) -> Iterable[Contribution]:
    sql = text(f"SELECT * FROM actions f WHERE {_STRETCH}")  # noqa: S608  # literals
    for row in connection.execute(sql, {"site": site, "start": start, "end": end}):
        stamp = (row.occurred_at, row.event_id, row.source)
        yield from contributions.of_action(Action(row.kind, stamp, row.staff_id, row.action_type, row.severity))
