"""Hands on pulseboard_hooks, the small package that other Python modules install and call."""

from pulseboard_hooks import (
    counts,
    flush,
    order_completed,
    order_completed_async,
    order_completed_hook,
    order_completed_sync,
)

__all__ = [
    "counts",
    "flush",
    "order_completed",
    "order_completed_async",
    "order_completed_hook",
    "order_completed_sync",
]
