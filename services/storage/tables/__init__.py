"""The tables. Every primary and unique key of events, facts and rollups holds the site.

Instants are microseconds since the epoch; money is in minor units, quantities in thousandths; business dates are
`YYYY-MM-DD`. In rollups a missing dimension value is the empty text, since keys hold no nulls.

On PostgreSQL the log and the facts are partitioned by the month of `occurred_at`, which is then part of their primary
keys; `tables.keys` tells there where a key lies. Text is compared by code point in both stores.
"""

from __future__ import annotations

from services.storage.tables.access import api_keys, dashboard_versions, dashboards, sessions, tickets, users
from services.storage.tables.base import metadata
from services.storage.tables.events import dead_letters, event_queue, events, sites, topic_versions
from services.storage.tables.facts import actions, customers, order_lines, orders, payments, refunds, staff, stock
from services.storage.tables.keys import PARTITIONED, event_keys, order_keys, payment_keys
from services.storage.tables.rollups import customer_day, rollup_day, rollup_hour, rollup_minute

__all__ = [
    "PARTITIONED",
    "actions",
    "api_keys",
    "customer_day",
    "customers",
    "dashboard_versions",
    "dashboards",
    "dead_letters",
    "event_keys",
    "event_queue",
    "events",
    "metadata",
    "order_keys",
    "order_lines",
    "orders",
    "payment_keys",
    "payments",
    "refunds",
    "rollup_day",
    "rollup_hour",
    "rollup_minute",
    "sessions",
    "sites",
    "staff",
    "stock",
    "tickets",
    "topic_versions",
    "users",
]
