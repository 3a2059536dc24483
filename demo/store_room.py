"""What is left of the products that are counted."""

from __future__ import annotations

from collections import Counter

from demo.menu import STOCKED, Product
from demo.visits import Happening


class StoreRoom:
    """Starts as full as a morning, or with a `part` of that."""

    def __init__(self, part: float = 1.0) -> None:
        self._left = {product: int(product.stock * part) for product in STOCKED}

    def take(self, sold: Counter[str]) -> None:
        for product in STOCKED:
            self._left[product] -= sold[product.name]

    def report(self, product: Product) -> Happening:
        """What there is of it; when that is nothing, it is filled up for the next time."""
        data = {
            "product": product.name,
            "quantity": max(self._left[product], 0),
            "reorder_level": product.reorder_level,
            "unit": "portions",
        }
        if self._left[product] <= 0:
            self._left[product] = product.stock
        return Happening(f"stock-{STOCKED.index(product)}", "inventory_updated", data)
