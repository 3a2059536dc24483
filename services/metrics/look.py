"""One consistent look at the store: its sites, as of a moment, and what is known to lie beyond it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from sqlalchemy import Connection

from services.clock import Instant
from services.metrics.answer import Period
from services.metrics.catalogue import Metric
from services.metrics.sites import Site
from services.storage.bulk import mark

_ORDERS, _PAYMENTS, _STOCK = "orders WHERE site = {site}", "payments WHERE site = {site}", "stock WHERE site = {site}"
_ACTIONS = "actions WHERE site = {site} AND kind = "
_FACTS_OF = {
    "payments": _PAYMENTS,
    "payment_failures": _PAYMENTS,
    "staff_actions": f"{_ACTIONS}'staff_action'",
    "customer_actions": f"{_ACTIONS}'customer_action'",
    "system_events": f"{_ACTIONS}'system_event'",
}
_ALL_FACTS = (_ORDERS, "refunds WHERE site = {site}", _STOCK, *dict.fromkeys(_FACTS_OF.values()))
"""Facts of a site, not the log of events: that forgets in time what the figures keep."""


@dataclass(frozen=True)
class Look:
    """What a query is answered from; `now` is the moment it is asked for, which may lie in the past."""

    connection: Connection
    sites: Mapping[str, Site]
    now: Instant

    @cached_property
    def ahead(self) -> Instant | None:
        """The earliest event after `now` at any site: time alone will bring it into view. None where there is none."""
        place = mark(self.connection)
        after = "SELECT (SELECT MIN(occurred_at) FROM {facts} AND occurred_at > {place}) AS at FROM sites s"
        each = [after.format(facts=facts.format(site="s.id"), place=place) for facts in _ALL_FACTS]
        sql = f"SELECT MIN(at) FROM ({' UNION ALL '.join(each)}) ahead"  # noqa: S608  # literals
        found: Instant | None = self.connection.exec_driver_sql(sql, (self.now,) * len(each)).scalar()
        return found

    def whole(self, period: Period) -> Period:
        """The period to its whole end where nothing lies between `now` and there: the same facts, in fewer pieces."""
        if period.start >= period.end or (self.ahead is not None and self.ahead < period.whole_end):
            return period
        return replace(period, end=max(period.end, period.whole_end))

    def has_facts(self, metric: Metric, sites: Sequence[Site]) -> bool:
        """Whether anything that this metric counts was ever heard of at the sites."""
        counted = _STOCK if metric.kind == "state" else _ORDERS
        facts = next((_FACTS_OF[name] for name in metric.present if name in _FACTS_OF), counted)
        sql = f"SELECT 1 FROM {facts.format(site=mark(self.connection))} LIMIT 1"  # noqa: S608  # literals
        return any(self.connection.exec_driver_sql(sql, (site.id,)).first() for site in sites)
