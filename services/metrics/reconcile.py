"""What a till or a ledger counted on a business day, held against what Pulseboard did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from services.access.scope import Scope
from services.clock import Instant, to_datetime
from services.errors import Forbidden, InvalidRequest, StoreUnavailable
from services.metrics.answer import Unit
from services.metrics.business_time import ONE_DAY
from services.metrics.query import Query
from services.metrics.sites import Site, Sites
from services.metrics.snapshot import Reading, Snapshots

FIGURES = ("orders", "revenue", "payments", "payment_amount")
"""Metrics that others count as well; what each is, the catalogue says."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One figure as it was reported and as it was counted, in its unit."""

    reported: Decimal | int
    counted: Decimal | int
    unit: Unit

    @property
    def difference(self) -> Decimal | int:
        """Positive where more was reported than counted."""
        return self.reported - self.counted


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """`open`: the day is not over, so more may come."""

    site: str
    day: date
    figures: Mapping[str, Compared]
    open: bool
    as_of: Instant

    @property
    def differences(self) -> list[str]:
        return [name for name, figure in self.figures.items() if figure.difference]


def reconcile(
    snapshots: Snapshots, sites: Sites, site_id: str, day: date, reported: Mapping[str, Decimal | int], scope: Scope
) -> Reconciliation:
    """Compares the reported figures, named as in FIGURES, with those of the site's business day.

    Units:  money in major units.
    Errors: Forbidden for a site, or a whole site, that the scope does not reach; NotFound; InvalidRequest for an amount
            with more digits than the currency has, or a date that the site's zone skipped.
    """
    if not scope.sees(site_id):
        raise Forbidden("this site is out of reach")
    if scope.staff_id is not None:
        raise Forbidden("these are figures of the whole site")
    site = sites.get(site_id)
    start, end = _bounds(site, day)
    names = [name for name in FIGURES if name in reported]
    range_ = {"from": to_datetime(start), "to": to_datetime(end)}
    queries = [Query.model_validate({"metric": name, "range": range_, "site": [site_id]}) for name in names]
    readings = dict(zip(names, snapshots.read(queries, scope), strict=True))
    figures = {name: _compared(name, reported[name], reading) for name, reading in readings.items()}
    as_of = min(reading.as_of for reading in readings.values())
    return Reconciliation(site_id, day, figures, open=end > as_of, as_of=as_of)


def _bounds(site: Site, day: date) -> tuple[Instant, Instant]:
    start, end = site.calendar.day_start(day), site.calendar.day_start(day + ONE_DAY)
    if start >= end:
        raise InvalidRequest("the clocks of this site skipped that day", pointer="/business_date")
    return start, end


def _compared(name: str, reported: Decimal | int, reading: Reading) -> Compared:
    if reading.error is not None:
        raise reading.error
    if reading.answer is None or reading.cache_status == "stale":
        raise StoreUnavailable("the store cannot be reached now")
    unit, counted = reading.answer.unit, reading.answer.total
    if isinstance(reported, Decimal):
        if reported != round(reported, unit.digits):
            raise InvalidRequest(f"has more than {unit.digits} minor digits", pointer=f"/{name}")
        reported = round(reported, unit.digits)
    return Compared(reported, 0 if counted is None else counted, unit)
