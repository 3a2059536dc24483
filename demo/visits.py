"""One party's visit as the events that a restaurant's modules would report of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from random import Random
from typing import Any

from demo.menu import MAINS, Person, Product, dish

TAX_RATE = Decimal("0.08875")
DELIVERY_FEE = Decimal("3.50")
_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Happening:
    """An event that has no time yet but the seconds `after` the visit's order; `name` tells it from its siblings."""

    name: str
    type: str
    data: dict[str, Any]
    after: int = 0


def visit(chance: Random, order_id: str, hour: int, person: Person, customer_id: str | None) -> list[Happening]:
    """What one order brings with it, in the order in which it happens."""
    channel = _channel(chance, hour)
    method = _payment_method(chance, channel)
    plates = _plates(chance, channel)
    order = _order(chance, order_id, channel, method, plates, person, customer_id)
    happenings = [Happening("order", "order_completed", order)]
    happenings += _payments(chance, order)
    happenings += _second_thoughts(chance, order, person)
    if customer_id and chance.random() < 0.15:
        action = chance.choice(("loyalty_redeemed", "feedback_left", "newsletter_joined"))
        happenings.append(Happening("customer", "customer_action", _action("customer_id", customer_id, action), 120))
    return happenings


def sold(happenings: list[Happening]) -> Counter[str]:
    """How many of each product the visit took."""
    counts: Counter[str] = Counter()
    for happening in happenings:
        for item in happening.data.get("items", ()):
            counts[item["product"]] += item["quantity"]
    return counts


def _action(whose: str, who: str, action: str) -> dict[str, Any]:
    return {whose: who, "action_type": action}


def _channel(chance: Random, hour: int) -> str:
    weights = (50, 22, 28) if hour >= 18 else (55, 35, 10)
    return chance.choices(("dine_in", "takeaway", "delivery"), weights)[0]


def _payment_method(chance: Random, channel: str) -> str:
    weights = (60, 0, 36, 4) if channel == "delivery" else (54, 20, 22, 4)
    return chance.choices(("card", "cash", "mobile", "gift_card"), weights)[0]


def _plates(chance: Random, channel: str) -> Counter[Product]:
    guests = chance.choices((1, 2, 3, 4, 6), (24, 44, 14, 14, 4) if channel == "dine_in" else (50, 34, 10, 6, 0))[0]
    plates: Counter[Product] = Counter()
    for _ in range(guests):
        plates[dish(chance, chance.choice(MAINS))] += 1
        for category, likely in (("Starters", 0.22), ("Drinks", 0.75), ("Desserts", 0.2)):
            if chance.random() < (likely if channel == "dine_in" else likely / 2):
                plates[dish(chance, category)] += 1
    return plates


def _order(
    chance: Random,
    order_id: str,
    channel: str,
    method: str,
    plates: Counter[Product],
    person: Person,
    customer_id: str | None,
) -> dict[str, Any]:
    """Lines less their discounts, and the fee of a delivery beyond them, make the total; tax is within it."""
    rate = Decimal(chance.choices((0, 10, 20), (90, 7, 3))[0]) / 100
    discounts = {product: _cents(product.price * number * rate) for product, number in plates.items()}
    items = [_item(product, number, discounts[product]) for product, number in plates.items()]
    fee = DELIVERY_FEE if channel == "delivery" else Decimal(0)
    total = sum((Decimal(item["line_amount"]) for item in items), fee)
    order: dict[str, Any] = {
        "order_id": order_id,
        "staff_id": person.id,
        "staff_name": person.name,
        "total_amount": str(total),
        "items_count": plates.total(),
        "payment_method": method,
        "channel": channel,
        "discount_amount": str(sum(discounts.values(), Decimal("0.00"))),
        "tax_amount": str(_cents(total * TAX_RATE / (1 + TAX_RATE))),
        "tip_amount": str(_tip(chance, total, channel, person)),
        "items": items,
    }
    if customer_id:
        order["customer_id"] = customer_id
    if channel == "dine_in":
        order["table_no"] = chance.randint(1, 24)
    return order


def _item(product: Product, number: int, discount: Decimal) -> dict[str, Any]:
    return {
        "product": product.name,
        "category": product.category,
        "quantity": number,
        "unit_price": str(product.price),
        "line_amount": str(product.price * number - discount),
    }


def _tip(chance: Random, total: Decimal, channel: str, person: Person) -> Decimal:
    if channel == "takeaway" or chance.random() < 0.25:
        return Decimal("0.00")
    return _cents(total * Decimal(chance.choice((10, 12, 15, 18)) + person.skill) / 100)


def _payments(chance: Random, order: dict[str, Any]) -> list[Happening]:
    """The payment that goes through, and before it, now and then, one that does not."""
    amount = Decimal(order["total_amount"]) + Decimal(order["tip_amount"])
    happenings = [Happening("payment", "payment_processed", _payment(order, amount, "success"), 40)]
    if order["payment_method"] != "cash" and chance.random() < 0.04:
        happenings.insert(0, Happening("declined", "payment_processed", _payment(order, amount, "failed"), 15))
    return happenings


def _payment(order: dict[str, Any], amount: Decimal, status: str) -> dict[str, Any]:
    return {
        "order_id": order["order_id"],
        "payment_method": order["payment_method"],
        "amount": str(amount),
        "status": status,
        "transaction_id": f"t-{order['order_id']}" + ("-declined" if status == "failed" else ""),
    }


def _second_thoughts(chance: Random, order: dict[str, Any], person: Person) -> list[Happening]:
    """A whole order cancelled, or part of it given back, and the money with it."""
    luck, total = chance.random(), Decimal(order["total_amount"])
    if luck >= 0.03:
        return []
    cancelled: dict[str, Any] = {"order_id": order["order_id"], "staff_id": person.id}
    if luck < 0.012:
        amount, cancelled["reason"] = total, chance.choice(("left before it was served", "ordered twice", "too late"))
    else:
        amount = _cents(total * Decimal(chance.choice((10, 25, 50))) / 100)
        cancelled |= {
            "amount": str(amount),
            "reason": chance.choice(("cold dish", "wrong dish", "a drink was missing")),
        }
    return [
        Happening("cancelled", "order_cancelled", cancelled, 600),
        Happening("refunded", "payment_processed", _payment(order, amount, "refunded"), 640),
    ]


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(_CENT, ROUND_HALF_UP)
