"""The query that every widget uses: its schema, and the canonical form that keys are made of."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

from services.metrics import catalogue

NamedRange = Literal[
    "today", "yesterday", "last_60_minutes", "last_24_hours", "last_7_days", "last_30_days", "last_90_days",
    "last_8_weeks", "this_week", "this_month", "this_year", "last_12_months",
]  # fmt: skip
Compare = Literal["previous_period", "same_time_yesterday", "same_time_last_week", "same_period_last_year"]
GroupBy = Literal[
    "minute", "hour", "day", "week", "month", "weekday", "hour_of_day",
    "staff", "customer_type", "order_size", "channel", "payment_method", "product", "category",
    "action_type", "severity",
]  # fmt: skip
Order = Literal["value", "-value", "label", "-label"]
FilterValue = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00]*$")] | None
FilterValues = Annotated[list[FilterValue], Field(max_length=1_000)]


_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)")


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("needs an offset")
    if not 1971 <= moment.year <= 2200:
        raise ValueError("must lie between the years 1971 and 2200")
    return moment


def _rfc3339(value: Any) -> Any:
    if isinstance(value, datetime) or (isinstance(value, str) and _RFC3339.fullmatch(value)):
        return value
    raise ValueError("must be an RFC 3339 time with an offset, such as 2026-03-01T12:30:05+01:00")


AwareDatetime = Annotated[datetime, BeforeValidator(_rfc3339), AfterValidator(_aware), Field(strict=False)]


class AbsoluteRange(BaseModel):
    """From an instant to another, half open."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    from_: AwareDatetime = Field(alias="from")
    to: AwareDatetime

    @model_validator(mode="after")
    def _ordered(self) -> AbsoluteRange:
        if self.from_ >= self.to:
            raise ValueError("'from' must be before 'to'")
        return self


class Query(BaseModel):
    """A metric, what to group it by, over which range and which sites."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    metric: str
    group_by: tuple[GroupBy, ...] = Field(default=(), max_length=2)
    range: NamedRange | AbsoluteRange = "today"
    compare: Compare | None = None
    filters: dict[str, FilterValues] = Field(default_factory=dict)
    site: list[str] | None = Field(default=None, min_length=1)
    order: Order | None = None
    limit: int | None = Field(default=None, ge=1, le=10_000)
    now: AwareDatetime | None = None

    @field_validator("site", mode="before")
    @classmethod
    def _one_site_is_a_list(cls, value: Any) -> Any:
        return [value] if isinstance(value, str) else value

    @model_validator(mode="after")
    def _fits_the_catalogue(self) -> Query:
        metric = catalogue.BY_NAME.get(self.metric)
        if metric is None:
            raise ValueError(f"metric: '{self.metric}' is not in the catalogue")
        allowed = (*catalogue.TIME_UNITS, *metric.dimensions)
        for name in self.group_by:
            if name not in allowed:
                raise ValueError(f"group_by: {self.metric} cannot be grouped by {name}")
        if len(set(self.group_by)) < len(self.group_by):
            raise ValueError("group_by: names a thing twice")
        for dimension in self.filters:
            if dimension not in metric.dimensions:
                raise ValueError(f"filters: {self.metric} cannot be filtered by {dimension}")
        return self

    def canonical(self) -> str:
        """One text for all spellings of this query, `now` included."""
        data = self.model_dump(mode="json", by_alias=True, exclude_none=True)
        data["filters"] = {k: sorted(set(v), key=lambda x: (x is None, x)) for k, v in self.filters.items()}
        if self.site:
            data["site"] = sorted(set(self.site))
        return json.dumps(data, sort_keys=True, separators=(",", ":"))
