"""What a fact adds to which rollup cells: the arithmetic that figures are made of. Pure; no store, no clock.

A rollup changes by the new contributions of a fact minus its old ones, whatever the reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
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

Places = tuple[int, ...]
"""Measures, by their places in MEASURES."""
Amounts = tuple[int, ...]
Value = tuple[str, str]
"""(dimension, value); ("", "") is the total."""
Contribution = tuple[Instant, Places, Amounts, tuple[Value, ...]]
"""(instant, places, an amount for each of them, the values that get these); plain tuples, since many are made."""

_SALE: Places = (ORDERS, REVENUE, ITEMS, DISCOUNTS, TAX, TIPS)
_PART: Places = (ORDERS, LINES, REVENUE, ITEMS)
"""What a sale adds to one of its products or categories."""
_REFUND: Places = (REFUNDS, REFUND_COUNT, CANCELLATIONS)
_PAID: Places = (PAYMENTS, PAYMENT_AMOUNT)
_FAILED: Places = (PAYMENT_FAILURES,)
_ACTIONS: dict[str, Places] = {
    "staff_action": (STAFF_ACTIONS,), "customer_action": (CUSTOMER_ACTIONS,), "system_event": (SYSTEM_EVENTS,),
}  # fmt: skip
TOTAL: Value = ("", "")
_UNALLOCATED: tuple[Value, ...] = (("product", UNALLOCATED), ("category", UNALLOCATED))


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

    @property
    def is_new(self) -> bool:
        """Whether nothing was heard of it yet."""
        return self.order is None and not self.refunds

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
    at, _, _ = order.stamp
    values = (
        TOTAL,
        ("staff", order.staff_id or ""),
        ("customer_type", customer_type),
        ("order_size", order.order_size),
        ("channel", order.channel or ""),
        ("payment_method", order.payment_method or ""),
    )
    sale = (1, order.total, order.items, order.discount, order.tax, order.tip)
    found: list[Contribution] = [(at, _SALE, sale, values)]
    found += [(at, _PART, amounts, (value,)) for value, amounts in _of_lines(order.lines).items()]
    rest = order.total - sum([line.amount for line in order.lines])
    items = 0 if order.lines else order.items
    if rest or items:
        found.append((at, _PART, (0, 1, rest, items), _UNALLOCATED))
    return found


def _of_lines(lines: Iterable[Line]) -> dict[Value, Amounts]:
    """By product and by category: one order that holds them, however many lines there are."""
    parts: dict[Value, Amounts] = {}
    for product, category, quantity, amount in lines:
        for value in (("product", product), ("category", category or "")):
            known = parts.get(value)
            if known is None:
                parts[value] = (1, 1, amount, quantity)
            else:
                parts[value] = (1, known[1] + 1, known[2] + amount, known[3] + quantity)
    return parts


def of_booking(
    booking: Booking, staff_id: str | None, channel: str | None, payment_method: str | None
) -> Iterator[Contribution]:
    """What a booked cancellation adds, with the staff, channel and payment method of its order where it is there."""
    values = (TOTAL, ("staff", staff_id or ""), ("channel", channel or ""), ("payment_method", payment_method or ""))
    yield (booking.refund.stamp[0], _REFUND, (booking.booked or 0, 1, int(booking.cancels)), values)


def of_payment(payment: Payment) -> Iterator[Contribution]:
    values = (TOTAL, ("payment_method", payment.payment_method))
    if payment.status == "success":
        yield (payment.stamp[0], _PAID, (1, payment.amount), values)
    elif payment.status == "failed":
        yield (payment.stamp[0], _FAILED, (1,), values)


def of_action(action: Action) -> Iterator[Contribution]:
    told = (("staff", action.staff_id), ("action_type", action.action_type), ("severity", action.severity))
    values = (TOTAL, *((dimension, value) for dimension, value in told if value is not None))
    yield (action.stamp[0], _ACTIONS[action.kind], (1,), values)
