"""Lanes: which events go first when there is more to do than can be done at once. Pure."""

from __future__ import annotations

from enum import IntEnum

from services.events.facts import Accepted, Action

URGENT_TYPES = frozenset(("payment_processed", "order_cancelled", "alert_triggered"))


class Lane(IntEnum):
    """The lesser goes first; within a lane, whoever came first. What is posted as backfill waits for all else."""

    URGENT = 0
    LIVE = 1
    BACKFILL = 2


def lane_of(event: Accepted) -> Lane:
    """Payments, cancellations, alerts and critical system events overtake the bulk."""
    critical = isinstance(event.fact, Action) and event.fact.severity == "critical"
    return Lane.URGENT if critical or event.type in URGENT_TYPES else Lane.LIVE
