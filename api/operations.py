"""What each call is for, takes and answers: the words of the OpenAPI document, by Flask endpoint."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel

from api import answers, schemas
from api.events import EventArguments
from api.realtime import Broadcast
from services.dashboards.schemas import DashboardBody


@dataclass(frozen=True, slots=True)
class Operation:
    """`answer` None is an answer without JSON; `also` are further codes with the same answer."""

    summary: str
    answer: type[BaseModel] | None = None
    status: int = 200
    also: tuple[int, ...] = ()
    body: type[BaseModel] | None = None
    arguments: type[BaseModel] | None = None
    problems: tuple[int, ...] = ()
    etag: bool = False


# fmt: off
OPERATIONS: dict[str, Operation] = {
    "post_events": Operation(
        "Post one event, an array of up to 5,000, or NDJSON; what is accepted is durable when answered.",
        answers.EventsAnswer, 202, also=(207, 422), arguments=EventArguments, problems=(400, 413, 415, 422, 429, 503)),
    "list_dead_letters": Operation(
        "What was accepted and could not be brought into the figures, and why; newest first.",
        answers.DeadLettersAnswer, arguments=schemas.LetterArguments, problems=(422,)),
    "replay_dead_letter": Operation(
        "Put a dead letter's event back into the queue, as if it had never been tried.",
        answers.ReplayAnswer, 202, problems=(404,)),
    "discard_dead_letter": Operation(
        "Delete a dead letter: its event stays in the log, and in no figure.", status=204, problems=(404,)),
    "read_status": Operation(
        "How it is: what waits, what was counted since the start, what failed.", answers.StatusAnswer),
    "read_widgets": Operation(
        "Read many widgets at once; one bad widget never spoils the others.",
        answers.WidgetsAnswer, body=schemas.WidgetsBody, problems=(400, 413, 415, 422)),
    "catalogue": Operation(
        "The metrics, their units and dimensions, and the widget types.", answers.CatalogueAnswer),
    "realtime_snapshot": Operation(
        "Today in one answer.", answers.RealtimeSnapshot, problems=(422, 503)),
    "current_metric": Operation(
        "One metric now, and its change.", answers.CurrentAnswer, arguments=schemas.CurrentArguments,
        problems=(404, 422, 503)),
    "hourly_trends": Operation(
        "One metric by the hour.", answers.TrendAnswer, arguments=schemas.TrendArguments, problems=(404, 422, 503)),
    "top_performers": Operation(
        "The best of the staff.", answers.PerformersAnswer, arguments=schemas.PerformerArguments,
        problems=(404, 422, 503)),
    "invalidate_cache": Operation(
        "Forget cached answers by topic pattern, by widget, or all.", answers.InvalidatedAnswer,
        body=schemas.InvalidateBody, problems=(400, 404, 413, 415, 422)),
    "reconcile_day": Operation(
        "Compare a business day's figures, as a till reports them, with those counted.",
        answers.ReconciledAnswer, body=schemas.ReconcileBody, problems=(400, 404, 413, 415, 422, 503)),
    "list_sites": Operation("The sites within reach.", answers.SitesAnswer),
    "put_site": Operation(
        "Make or change a site; a changed zone or day start rebuilds its rollups.",
        answers.SiteAnswer, also=(201,), body=schemas.SiteBody, problems=(400, 409, 413, 415, 422)),
    "default_layout": Operation("The caller's default dashboard.", answers.DashboardAnswer, etag=True),
    "list_dashboards": Operation("The caller's dashboards.", answers.DashboardsAnswer),
    "create_dashboard": Operation(
        "Save a new dashboard.", answers.DashboardAnswer, 201, body=DashboardBody, etag=True,
        problems=(400, 413, 415, 422)),
    "get_dashboard": Operation("One dashboard, with its ETag.", answers.DashboardAnswer, etag=True, problems=(404,)),
    "put_dashboard": Operation(
        "Save a dashboard; If-Match names the version that was read.", answers.DashboardAnswer, body=DashboardBody,
        etag=True, problems=(400, 404, 412, 413, 415, 422, 428)),
    "delete_dashboard": Operation("Delete a dashboard.", status=204, problems=(404, 412, 422)),
    "list_versions": Operation("A dashboard's history, newest first.", answers.VersionsAnswer, problems=(404,)),
    "restore_version": Operation(
        "Save an earlier version again as the newest.", answers.DashboardAnswer, etag=True, problems=(404, 412, 422)),
    "realtime_dashboard": Operation(
        "The WebSocket of live changes: by session and allowed Origin, by key, or by ticket.", status=101,
        problems=(400, 401, 403, 503)),
    "realtime_ticket": Operation(
        "A ticket that opens one WebSocket within a minute.", answers.TicketAnswer),
    "websocket_stats": Operation("Connections and what they are told.", answers.Answer),
    "websocket_connections": Operation("The open connections.", answers.ConnectionsAnswer),
    "websocket_disconnect": Operation("End one connection.", status=204, problems=(404,)),
    "websocket_broadcast": Operation(
        "Send a system message to every connection.", answers.BroadcastAnswer, 202, body=Broadcast,
        problems=(400, 413, 415, 422)),
    "health": Operation("Whether all that is set is within reach.", answers.HealthAnswer, also=(503,)),
    "health_live": Operation("Whether the server answers.", answers.HealthAnswer),
    "openapi": Operation("This document.", answers.Answer),
    "docs": Operation("This document, for people."),
}
# fmt: on
