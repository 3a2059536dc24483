"""What REST answers with, as schemas for the OpenAPI document; the handlers' tests hold them to it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.dashboards.schemas import WidgetSpec


class Answer(BaseModel):
    model_config = ConfigDict(extra="allow")


class Fault(Answer):
    code: str
    pointer: str
    detail: str


class Problem(Answer):
    """RFC 9457; `code` is stable and meant for programs, `errors` names the fields at fault."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    errors: list[Fault]


class EventResult(Answer):
    index: int
    id: str | None
    status: Literal["accepted", "duplicate", "rejected"]
    errors: list[Fault] = []


class EventsAnswer(Answer):
    accepted: int
    duplicates: int
    rejected: int
    results: list[EventResult]


class Unit(Answer):
    kind: Literal["money", "count", "ratio", "per_order"]
    currency: str | None


class WidgetError(Answer):
    code: str
    detail: str


class WidgetAnswer(Answer):
    widget_type: str
    status: Literal["ok", "no_data", "error"]
    error: WidgetError | None
    cache_status: Literal["fresh", "cached", "stale"]
    timestamp: datetime | None
    data: dict[str, Any] | None


class WidgetsAnswer(Answer):
    widgets: dict[str, WidgetAnswer]


class MetricAnswer(Answer):
    name: str
    title: str
    description: str
    unit: Literal["money", "count", "ratio", "per_order"]
    dimensions: list[str]
    lower_is_better: bool


class CatalogueAnswer(Answer):
    metrics: list[MetricAnswer]
    dimensions: list[str]
    time_units: list[str]
    ranges: list[str]
    compare: list[str]
    widget_types: list[str]


class Freshness(Answer):
    as_of: datetime
    age_seconds: float
    state: Literal["fresh", "cached", "stale"]


class Point(Answer):
    x: str | None
    y: float | None
    open: bool


class StaffRow(Answer):
    staff_id: str
    staff_name: str | None
    value: float | None


class ProductRow(Answer):
    product: str
    value: float | None


class RealtimeSnapshot(Answer):
    timestamp: datetime
    revenue_today: float | None
    orders_today: int | None
    customers_today: int | None
    average_order_value: float | None
    revenue_growth: float | None
    order_growth: float | None
    customer_growth: float | None
    top_staff: list[StaffRow] | None
    top_products: list[ProductRow]
    hourly_trends: list[Point]
    active_alerts: list[Any]
    critical_metrics: list[str]
    data_freshness: Freshness


class Figure(Answer):
    metric: str
    unit: Unit
    as_of: datetime


class CurrentAnswer(Figure):
    value: float | None
    previous_value: float | None
    change_percentage: float | None


class TrendAnswer(Figure):
    points: list[Point]


class PerformersAnswer(Figure):
    performers: list[StaffRow]


class ComparedFigure(Answer):
    reported: float
    counted: float
    difference: float = Field(description="Positive where more was reported than counted.")
    unit: Unit


class ReconciledAnswer(Answer):
    site: str
    business_date: date
    match: bool
    open: bool = Field(description="The day is not over: more may come.")
    figures: dict[str, ComparedFigure]
    differences: list[str] = Field(description="The figures that do not match.")
    as_of: datetime


class SiteAnswer(Answer):
    id: str
    name: str
    tz: str
    currency: str
    day_starts_at: str
    rebuilding: bool


class SitesAnswer(Answer):
    sites: list[SiteAnswer]


class DashboardAnswer(Answer):
    id: str
    name: str
    version: int
    owner: str
    widgets: list[WidgetSpec]
    sharing: dict[str, Any]


class DashboardsAnswer(Answer):
    dashboards: list[DashboardAnswer]


class VersionAnswer(Answer):
    version: int
    name: str
    saved_by: str
    saved_at: datetime
    widgets: list[WidgetSpec]


class VersionsAnswer(Answer):
    versions: list[VersionAnswer]


class InvalidatedAnswer(Answer):
    invalidated: list[str] = Field(description="Topics whose cached answers are gone.")


class TicketAnswer(Answer):
    ticket: str
    expires_in: int


class HealthAnswer(Answer):
    status: Literal["healthy", "degraded", "unhealthy"]
    services: dict[str, Literal["healthy", "degraded", "unhealthy"]]


class ConnectionsAnswer(Answer):
    connections: list[dict[str, Any]]


class BroadcastAnswer(Answer):
    connections: int


class DeadLetterAnswer(Answer):
    id: str
    site: str
    source: str
    event_id: str
    type: str
    occurred_at: datetime
    reason: str
    attempts: int
    died_at: datetime
    event: dict[str, Any]


class DeadLettersAnswer(Answer):
    dead_letters: list[DeadLetterAnswer]
    total: int
    next_cursor: str | None


class ReplayAnswer(Answer):
    id: str
    status: Literal["queued"]


class StatusProcess(Answer):
    pid: int
    workers: int
    counts: str = Field(description="Whether what is counted since the start is this process's alone.")


class StatusWaiting(Answer):
    posts: int
    events: int
    urgent: int
    live: int
    backfill: int
    oldest_seconds: float | None
    failing: int


class StatusEvents(Answer):
    accepted: int
    duplicates: int
    rejected: int
    conflicts: int
    waiting: StatusWaiting
    dead_letters: int


class StatusCache(Answer):
    kind: Literal["in-process", "redis", "fallback"]
    hit_rate: float | None
    cached: int
    computed: int
    stale: int


class StatusErrors(Answer):
    answers: int
    failed: int
    rate: float | None


class StatusRateLimit(Answer):
    events_per_second: int | None
    shared: Literal[True, "per process"]


class StatusJob(Answer):
    name: str
    running: bool
    last_run: datetime | None
    next_run: datetime | None


class StatusAnswer(HealthAnswer):
    version: str
    started_at: datetime
    uptime_seconds: float
    process: StatusProcess
    store: Literal["sqlite", "postgresql"]
    connections: dict[str, Any]
    events: StatusEvents
    cache: StatusCache
    errors: StatusErrors
    rate_limit: StatusRateLimit
    jobs: list[StatusJob]
