"""One consistent look at the store: its sites, as of a moment, and what is known to lie beyond it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain

from sqlalchemy import Connection

from services.clock import Instant
from services.events import schemas
from services.metrics.answer import Period
from services.metrics.catalogue import Metric
from services.metrics.sites import Site
from services.storage.bulk import mark

_TYPES = {
    "payments": "payment_processed",
    "payment_failures": "payment_processed",
    "staff_actions": "staff_action",
    "customer_actions": "customer_action",
    "system_events": "system_event",
}


@dataclass(frozen=True)
class Look:
    """What a query is answered from; `now` is the moment it is asked for, which may lie in the past."""

    connection: Connection
    sites: Mapping[str, Site]
    now: Instant

    @cached_property
    def ahead(self) -> Instant | None:
        """The earliest event after `now` at any site: time alone will bring it into view. None where there is none."""
        if not self.sites:
            return None
        place = mark(self.connection)
        one = (
            "SELECT MIN(occurred_at) FROM events "  # noqa: S608  # places only
            f"WHERE site = {place} AND type = {place} AND occurred_at > {place}"
        )
        bound = [(site, kind, self.now) for site in self.sites for kind in schemas.DATA]
        sql = " UNION ALL ".join([one] * len(bound))
        rows = self.connection.exec_driver_sql(sql, tuple(chain.from_iterable(bound)))
        return min((row[0] for row in rows if row[0] is not None), default=None)

    def whole(self, period: Period) -> Period:
        """The period to its whole end where nothing lies between `now` and there: the same facts, in fewer pieces."""
        if period.start >= period.end or (self.ahead is not None and self.ahead < period.whole_end):
            return period
        return replace(period, end=max(period.end, period.whole_end))

    def has_facts(self, metric: Metric, sites: Sequence[Site]) -> bool:
        """Whether any event that this metric counts was ever heard of at the sites."""
        if metric.kind == "state":
            kind = "inventory_updated"
        else:
            kind = next((_TYPES[name] for name in metric.present if name in _TYPES), "order_completed")
        place = mark(self.connection)
        sql = f"SELECT 1 FROM events WHERE site = {place} AND type = {place} LIMIT 1"  # noqa: S608  # places only
        return any(self.connection.exec_driver_sql(sql, (site.id, kind)).first() for site in sites)
