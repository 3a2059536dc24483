"""The metrics and dimensions that can be asked for: one literal table, and the measures they are made of.

A measure is a column of the rollups, a whole number that adds up: money in minor units, quantities in
thousandths, the rest as counts. A metric is a measure, a quotient of two, a count of distinct customers, or a
state; which of them decides how its figures may be combined.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

MEASURES = (
    "orders", "revenue", "discounts", "tax", "tips", "items", "lines",
    "refunds", "refund_count", "cancellations",
    "payments", "payment_amount", "payment_failures",
    "staff_actions", "customer_actions", "system_events",
)  # fmt: skip
"""Columns of every rollup. `items` is in thousandths; `lines` and `refund_count` say that a cell has any."""

ORDER_DIMENSIONS = ("staff", "customer_type", "order_size", "channel", "payment_method")
LINE_DIMENSIONS = ("product", "category")
DIMENSIONS = (*ORDER_DIMENSIONS, *LINE_DIMENSIONS, "action_type", "severity")
TIME_UNITS = ("minute", "hour", "day", "week", "month", "weekday", "hour_of_day")
UNALLOCATED = "(unallocated)"

Kind = Literal["sum", "quotient", "distinct", "state"]
UnitKind = Literal["money", "count", "ratio", "per_order"]

_ALL_OF_ORDERS = (*ORDER_DIMENSIONS, *LINE_DIMENSIONS)
_MONEY_DIMENSIONS = ("staff", "channel", "payment_method")


@dataclass(frozen=True, slots=True)
class Metric:
    """One row of the table.

    A `sum` is Σ measure − Σ minus; a `quotient` is Σ measure / Σ of all `per`; `distinct` counts customers;
    `state` is what holds at the end of a bucket. `present` names the measures of which one must be non-zero for
    a group to be listed at all.
    """

    name: str
    title: str
    description: str
    unit: UnitKind
    kind: Kind
    dimensions: tuple[str, ...]
    measure: str = ""
    minus: str = ""
    per: tuple[str, ...] = ()
    present: tuple[str, ...] = ("orders",)
    lower_is_better: bool = False

    def measures(self) -> frozenset[str]:
        """Every measure whose change can change this metric's figures."""
        return frozenset(filter(None, (self.measure, self.minus, *self.per, *self.present)))


# fmt: off
METRICS: tuple[Metric, ...] = (
    Metric("revenue", "Revenue", "What guests owed: after discounts, tax included, tip not, refunds not subtracted.",
           "money", "sum", _ALL_OF_ORDERS, "revenue"),
    Metric("net_revenue", "Net revenue", "Revenue less refunds, both with tax.",
           "money", "sum", _MONEY_DIMENSIONS, "revenue", minus="refunds", present=("orders", "refund_count")),
    Metric("discounts", "Discounts", "Discounts given on completed orders.",
           "money", "sum", _MONEY_DIMENSIONS, "discounts", lower_is_better=True),
    Metric("tax", "Tax", "Tax within revenue.",
           "money", "sum", _MONEY_DIMENSIONS, "tax"),
    Metric("tips", "Tips", "Tips on top of revenue.",
           "money", "sum", _MONEY_DIMENSIONS, "tips"),
    Metric("refunds", "Refunds", "Money given back: partial refunds, and the rest of a cancelled order.",
           "money", "sum", _MONEY_DIMENSIONS, "refunds", present=("refund_count",), lower_is_better=True),
    Metric("orders", "Orders", "Completed orders; by product or category, those that hold it.",
           "count", "sum", _ALL_OF_ORDERS, "orders"),
    Metric("items_sold", "Items sold", "Quantities of the lines; the order's item count where it has no lines.",
           "count", "sum", ("staff", "channel", "product", "category"), "items"),
    Metric("cancellations", "Cancellations", "Orders cancelled as a whole.",
           "count", "sum", ("staff", "channel"), "cancellations", present=("cancellations",), lower_is_better=True),
    Metric("customers", "Customers", "Different known customers with an order.",
           "count", "distinct", ("staff", "channel", "customer_type")),
    Metric("new_customers", "New customers", "Customers whose first completed order lies in the period.",
           "count", "distinct", ("channel",)),
    Metric("returning_customers", "Returning customers", "Customers who had ordered before the period.",
           "count", "distinct", ("channel",)),
    Metric("average_order_value", "Average order value", "Revenue for each order.",
           "money", "quotient", ORDER_DIMENSIONS, "revenue", per=("orders",)),
    Metric("items_per_order", "Items per order", "Items sold for each order.",
           "per_order", "quotient", ("staff", "channel"), "items", per=("orders",)),
    Metric("cancellation_rate", "Cancellation rate", "Cancellations for each completed order.",
           "ratio", "quotient", ("staff", "channel"), "cancellations", per=("orders",),
           present=("orders", "cancellations"), lower_is_better=True),
    Metric("payments", "Payments", "Payments that succeeded.",
           "count", "sum", ("payment_method",), "payments", present=("payments",)),
    Metric("payment_amount", "Payment amount", "Money taken by payments that succeeded.",
           "money", "sum", ("payment_method",), "payment_amount", present=("payments",)),
    Metric("payment_failures", "Payment failures", "Payments that failed.",
           "count", "sum", ("payment_method",), "payment_failures", present=("payment_failures",),
           lower_is_better=True),
    Metric("payment_success_rate", "Payment success rate", "Payments that succeeded, of those that ended either way.",
           "ratio", "quotient", ("payment_method",), "payments", per=("payments", "payment_failures"),
           present=("payments", "payment_failures")),
    Metric("staff_actions", "Staff actions", "What staff did, as their modules report it.",
           "count", "sum", ("staff", "action_type"), "staff_actions", present=("staff_actions",)),
    Metric("customer_actions", "Customer actions", "What customers did, as their modules report it.",
           "count", "sum", ("action_type",), "customer_actions", present=("customer_actions",)),
    Metric("system_events", "System events", "Events of the systems themselves.",
           "count", "sum", ("severity",), "system_events", present=("system_events",), lower_is_better=True),
    Metric("low_stock_items", "Low stock", "Products at or under their reorder level at the end of the period.",
           "count", "state", ("product",), present=(), lower_is_better=True),
)
# fmt: on

BY_NAME = {metric.name: metric for metric in METRICS}
