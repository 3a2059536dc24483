"""Tells a Pulseboard server what happened: one call per event, which never raises and never waits for the network."""

from pulseboard_hooks.hooks import order_completed, order_completed_async
from pulseboard_hooks.legacy import order_completed_hook, order_completed_sync
from pulseboard_hooks.process import counts, flush

__all__ = [
    "counts",
    "flush",
    "order_completed",
    "order_completed_async",
    "order_completed_hook",
    "order_completed_sync",
]
