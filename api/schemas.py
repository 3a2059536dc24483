"""The bodies and query strings that REST takes; the OpenAPI document is made from these same models."""

from __future__ import annotations

import re
import zoneinfo
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from services.metrics.query import Compare, NamedRange

MOST_WIDGETS = 100

SiteId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
PlainText = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]


def _zone(value: str) -> str:
    if value not in zoneinfo.available_timezones():
        raise ValueError("must be an IANA zone such as Europe/Vienna")
    return value


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class WidgetRequest(Body):
    """One widget to read. What is wrong with its type or config is that widget's own error, and spoils no other."""

    widget_id: Annotated[str, StringConstraints(min_length=1, max_length=128)]
    widget_type: Any = Field(default=None, json_schema_extra={"type": "string", "examples": ["metric_card"]})
    config: Any = Field(default=None, json_schema_extra={"type": "object"})


class WidgetsBody(Body):
    widgets: list[WidgetRequest] = Field(max_length=MOST_WIDGETS)

    @model_validator(mode="after")
    def _ids_are_unique(self) -> WidgetsBody:
        if len({widget.widget_id for widget in self.widgets}) < len(self.widgets):
            raise ValueError("widgets: two have the same widget_id")
        return self


class SiteBody(Body):
    """A site's settings; what is left out stays as it is, or is the default for a new one."""

    name: PlainText | None = None
    tz: Annotated[str, AfterValidator(_zone)] | None = None
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] | None = None
    day_starts_at: Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")] | None = None


def _business_date(value: Any) -> date:
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        raise ValueError("must be a date such as 2026-03-01")
    day = date.fromisoformat(value)
    if not 1972 <= day.year <= 2199:
        raise ValueError("must lie between the years 1972 and 2199")
    return day


def _amount(value: Any) -> Decimal:
    plain = str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
    if not re.fullmatch(r"-?[0-9]{1,15}(\.[0-9]{1,9})?", plain):
        raise ValueError("must be an amount such as 42.50")
    return Decimal(plain)


BusinessDate = Annotated[date, BeforeValidator(_business_date)]
Amount = Annotated[Decimal, BeforeValidator(_amount)]
Count = Annotated[int, Field(strict=True, ge=0, le=10**15)]


class ReconcileBody(Body):
    """What a till or a ledger counted on a site's business day: at least one figure, as the catalogue has it."""

    site: SiteId
    business_date: BusinessDate
    orders: Count | None = None
    revenue: Amount | None = None
    payments: Count | None = None
    payment_amount: Amount | None = None

    @model_validator(mode="after")
    def _has_a_figure(self) -> ReconcileBody:
        if (self.orders, self.revenue, self.payments, self.payment_amount) == (None, None, None, None):
            raise ValueError("names no figure: orders, revenue, payments or payment_amount")
        return self


class InvalidateBody(Body):
    """Which cached answers to drop: by topic pattern, those of one widget, or (with neither) all."""

    pattern: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.*@-]{1,200}$")] | None = None
    widget_id: Annotated[str, StringConstraints(min_length=1, max_length=128)] | None = None

    @model_validator(mode="after")
    def _not_both(self) -> InvalidateBody:
        if self.pattern is not None and self.widget_id is not None:
            raise ValueError("takes pattern or widget_id, not both")
        return self


class LetterArguments(Body):
    """`cursor` is the `next_cursor` of the page before."""

    limit: int = Field(default=50, ge=1, le=200)
    cursor: Annotated[str, StringConstraints(min_length=1, max_length=160)] | None = None


class SiteArguments(Body):
    site: SiteId | None = None


class CurrentArguments(SiteArguments):
    range: NamedRange = "today"
    compare: Compare = "previous_period"


class TrendArguments(SiteArguments):
    metric: str = "revenue"
    range: NamedRange = "today"


class PerformerArguments(SiteArguments):
    metric: str = "revenue"
    range: NamedRange = "today"
    limit: int = Field(default=5, ge=1, le=100)
