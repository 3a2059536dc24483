"""What a fact adds to which rollup cells: the arithmetic that figures are made of. Pure; no store, no clock.

In a contribution `amounts` pairs a measure's place in MEASURES with what is added to it. A rollup changes by the new
contributions of a fact minus its old ones, whatever the reason.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from services.clock import Instant
from services.events.facts import Action, Line, Order, Payment, Refund
from services.metrics.catalogue import MEASURES, UNALLOCATED

(
    ORDERS, REVENUE, DISCOUNTS, TAX, TIPS, ITEMS, LINES,
    REFUNDS, REFUND_COUNT, CANCELLATIONS,
    PAYMENTS, PAYMENT_AMOUNT, PAYMENT_FAILURES,
    STAFF_ACTIONS, CUSTOMER_ACTIONS, SYSTEM_EVENTS,
) = range(len(MEASURES))  # fmt: skip

_ACTION_MEASURE = {"staff_action": STAFF_ACTIONS, "customer_action": CUSTOMER_ACTIONS, "system_event": SYSTEM_EVENTS}

Amounts = tuple[tuple[int, int], ...]
Sums = tuple[int, int, int]
"""(lines, amount, quantity) of one order's lines of one product or category."""


Contribution = tuple[Instant, str, str, Amounts]
"""(instant, dimension, value, amounts); plain tuples, since many are made for each event."""


@dataclass(frozen=True, slots=True)
class Booking:
    """A cancellation and what it books: `booked` None means nothing (yet)."""

    refund: Refund
    booked: int | None
    cancels: bool


@dataclass(slots=True)
class OrderState:
    """All that is known of one order at a site, in whatever order it was heard."""

    order_id: str
    order: Order | None = None
    customer_type: str = "guest"
    refunds: dict[tuple[str, str], Refund] = field(default_factory=dict)
    """By (source, event id)."""

    def copy(self) -> OrderState:
        return OrderState(self.order_id, self.order, self.customer_type, dict(self.refunds))

    def hear(self, fact: Order | Refund) -> None:
        """Takes in one more event; the greatest stamp wins for the order itself."""
        if isinstance(fact, Refund):
            self.refunds[(fact.stamp[2], fact.stamp[1])] = fact
        elif self.order is None or fact.stamp > self.order.stamp:
            self.order = fact

    def bookings(self) -> list[Booking]:
        """What each cancellation books: explicit amounts always, the rest once, with the earliest whole one."""
        explicit = sum(refund.asked for refund in self.refunds.values() if refund.asked is not None)
        whole = [refund for refund in self.refunds.values() if refund.asked is None]
        earliest = min(whole, key=lambda refund: refund.stamp, default=None)
        booked = []
        for refund in self.refunds.values():
            if refund.asked is not None:
                booked.append(Booking(refund, refund.asked, cancels=False))
            elif refund is earliest and self.order is not None:
                booked.append(Booking(refund, max(0, self.order.total - explicit), cancels=True))
            else:
                booked.append(Booking(refund, None, cancels=False))
        return booked

    def contributions(self) -> list[Contribution]:
        found: list[Contribution] = []
        if self.order is not None:
            found.extend(of_order(self.order, self.customer_type))
        for booking in self.bookings() if self.refunds else ():
            if booking.booked is not None:
                order = self.order
                dims = (order.staff_id, order.channel, order.payment_method) if order else (None, None, None)
                found.extend(of_booking(booking, *dims))
        return found


def of_order(order: Order, customer_type: str) -> list[Contribution]:
    """What a completed order adds: to totals, to each dimension of its own, and to those of its lines."""
    at = order.at
    amounts: Amounts = ((ORDERS, 1), (REVENUE, order.total), (ITEMS, order.items))
    for measure, amount in ((DISCOUNTS, order.discount), (TAX, order.tax), (TIPS, order.tip)):
        if amount:
            amounts += ((measure, amount),)
    found: list[Contribution] = [
        (at, "", "", amounts),
        (at, "staff", order.staff_id or "", amounts),
        (at, "customer_type", customer_type, amounts),
        (at, "order_size", order.order_size, amounts),
        (at, "channel", order.channel or "", amounts),
        (at, "payment_method", order.payment_method or "", amounts),
    ]
    products: dict[str, Sums] = {}
    categories: dict[str, Sums] = {}
    rest = order.total
    for line in order.lines:
        rest -= line.amount
        _add_line(products, line.product, line)
        _add_line(categories, line.category or "", line)
    found += [(at, "product", value, _of_lines(sums)) for value, sums in products.items()]
    found += [(at, "category", value, _of_lines(sums)) for value, sums in categories.items()]
    items = 0 if order.lines else order.items
    if rest or items:
        amounts = ((LINES, 1), (REVENUE, rest), (ITEMS, items))
        found += [(at, "product", UNALLOCATED, amounts), (at, "category", UNALLOCATED, amounts)]
    return found


def _add_line(groups: dict[str, Sums], value: str, line: Line) -> None:
    known = groups.get(value)
    if known is None:
        groups[value] = (1, line.amount, line.quantity)
    else:
        groups[value] = (known[0] + 1, known[1] + line.amount, known[2] + line.quantity)


def _of_lines(sums: Sums) -> Amounts:
    """One order that holds them, however many lines there are."""
    count, amount, quantity = sums
    return ((ORDERS, 1), (LINES, count), (REVENUE, amount), (ITEMS, quantity))


def of_booking(
    booking: Booking, staff_id: str | None, channel: str | None, payment_method: str | None
) -> Iterator[Contribution]:
    """What a booked cancellation adds, with the staff, channel and payment method of its order where it is there."""
    at = booking.refund.stamp[0]
    amounts = ((REFUNDS, booking.booked or 0), (REFUND_COUNT, 1), (CANCELLATIONS, int(booking.cancels)))
    yield (at, "", "", amounts)
    yield (at, "staff", staff_id or "", amounts)
    yield (at, "channel", channel or "", amounts)
    yield (at, "payment_method", payment_method or "", amounts)


def of_payment(payment: Payment) -> Iterator[Contribution]:
    if payment.status == "refunded":
        return
    succeeded = payment.status == "success"
    amounts = ((PAYMENTS, 1), (PAYMENT_AMOUNT, payment.amount)) if succeeded else ((PAYMENT_FAILURES, 1),)
    yield (payment.stamp[0], "", "", amounts)
    yield (payment.stamp[0], "payment_method", payment.payment_method, amounts)


def of_action(action: Action) -> Iterator[Contribution]:
    at, amounts = action.stamp[0], ((_ACTION_MEASURE[action.kind], 1),)
    yield (at, "", "", amounts)
    if action.staff_id is not None:
        yield (at, "staff", action.staff_id, amounts)
    if action.action_type is not None:
        yield (at, "action_type", action.action_type, amounts)
    if action.severity is not None:
        yield (at, "severity", action.severity, amounts)
