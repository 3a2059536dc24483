"""A small shop that tells Pulseboard what happens in it: the hooks in the places where a real one would call them.

    PULSEBOARD_URL=http://127.0.0.1:8050 PULSEBOARD_API_KEY=pb_… flask --app examples.flask_shop.shop run

The shop works whether Pulseboard answers or not, and knows nothing of it but the hooks.
"""

from __future__ import annotations

import itertools
from decimal import Decimal

from flask import Blueprint, Flask, abort, current_app, jsonify, request
from flask.typing import ResponseReturnValue

from pulseboard_hooks import (
    get_analytics_status,
    inventory_updated,
    order_cancelled,
    order_completed,
    payment_processed,
)

MENU = {"espresso": Decimal("2.40"), "cake": Decimal("4.80"), "beans": Decimal("14.00")}
REORDER_LEVEL = 5

counter = Blueprint("counter", __name__)


class Shelf:
    """What is in stock, and the orders of the day; a real shop has a database here."""

    def __init__(self) -> None:
        self.stock = dict.fromkeys(MENU, 20)
        self.orders: dict[str, Decimal] = {}
        self.numbers = itertools.count(1)

    def take(self, lines: dict[str, int]) -> None:
        for product, quantity in lines.items():
            self.stock[product] -= quantity


def create_app() -> Flask:
    shop = Flask(__name__)
    shop.config["SHELF"] = Shelf()
    shop.register_blueprint(counter)
    return shop


@counter.post("/orders")
def sell() -> ResponseReturnValue:
    """`{"staff": "mia", "lines": {"espresso": 2}, "paid_by": "card"}`: sold, paid, and off the shelf."""
    body = request.get_json()
    lines: dict[str, int] = body["lines"]
    if not lines or not set(lines) <= set(MENU):
        abort(422)
    shelf: Shelf = current_app.config["SHELF"]
    order_id = f"shop-{next(shelf.numbers)}"
    total = sum((MENU[product] * quantity for product, quantity in lines.items()), Decimal())
    shelf.orders[order_id] = total
    shelf.take(lines)
    _tell_of_sale(order_id, total, lines, body)
    for product in lines:
        inventory_updated(product=product, quantity=shelf.stock[product], reorder_level=REORDER_LEVEL)
    return jsonify(order_id=order_id, total=str(total)), 201


def _tell_of_sale(order_id: str, total: Decimal, lines: dict[str, int], body: dict[str, str]) -> None:
    # The shop's own number is the id: told twice, by a retry of ours, it is still counted once.
    order_completed(
        id=f"{order_id}-sold",
        order_id=order_id,
        total_amount=total,
        items_count=sum(lines.values()),
        staff_id=body["staff"],
        payment_method=body["paid_by"],
        items=[{"product": name, "quantity": number, "unit_price": MENU[name]} for name, number in lines.items()],
    )
    payment_processed(
        id=f"{order_id}-paid", order_id=order_id, payment_method=body["paid_by"], amount=total, status="success"
    )


@counter.delete("/orders/<order_id>")
def take_back(order_id: str) -> ResponseReturnValue:
    """The guest gets the money back, all of it."""
    if order_id not in current_app.config["SHELF"].orders:
        abort(404)
    order_cancelled(id=f"{order_id}-cancelled", order_id=order_id, reason=request.args.get("reason"))
    return "", 204


@counter.get("/health")
def health() -> ResponseReturnValue:
    """The shop is well in any case; how Pulseboard is, and what waits for it, is told beside."""
    return jsonify(shop="healthy", analytics=get_analytics_status(timeout=1))
