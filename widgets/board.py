"""Reads many widgets at once: each parsed on its own, all their queries asked in one call, each answered on its own.

REST and the live screen both read through here, so they show the same figures and the same errors.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from services.clock import Instant, to_datetime
from services.errors import InvalidRequest, NoData, PulseboardError
from services.metrics.answer import Answer
from services.metrics.query import Query
from services.validation import validated
from widgets import BY_TYPE
from widgets.contract import Options, View, Widget

Status = Literal["ok", "no_data", "error"]
CacheStatus = Literal["fresh", "cached", "stale"]
AnyWidget = Widget[Any, Any]


class Reading(Protocol):
    """What the snapshot service gives for one query."""

    @property
    def answer(self) -> Answer | None: ...
    @property
    def error(self) -> PulseboardError | None: ...
    @property
    def cache_status(self) -> CacheStatus: ...
    @property
    def as_of(self) -> Instant: ...


ReadAnswers = Callable[[list[Query]], Sequence[Reading]]


@dataclass(frozen=True, slots=True)
class WidgetReading:
    """One widget as it stands now; `view` is there unless the status is error, `error` unless it is ok.

    `zone` is the site's, for saying `timestamp` in; None where nothing could be read.
    """

    widget_type: str
    status: Status
    error: PulseboardError | None = None
    cache_status: CacheStatus = "fresh"
    timestamp: Instant | None = None
    view: View | None = None
    options: Options | None = None
    zone: str | None = None

    def data(self) -> dict[str, Any]:
        """The contract's answer for one widget."""
        return {
            "widget_type": self.widget_type,
            "status": self.status,
            "error": None if self.error is None else {"code": self.error.code, "detail": self.error.detail},
            "cache_status": self.cache_status,
            "timestamp": None if self.timestamp is None else to_datetime(self.timestamp).isoformat(),
            "data": None if self.view is None else self.view.data(),
        }


@dataclass(frozen=True, slots=True)
class _Asked:
    widget: AnyWidget
    options: Options
    queries: list[Query]


def read(requests: Sequence[Mapping[str, Any]], read_answers: ReadAnswers) -> dict[str, WidgetReading]:
    """Every request's reading, by widget_id; one bad widget spoils no other."""
    asked: dict[str, _Asked] = {}
    readings: dict[str, WidgetReading] = {}
    for request in requests:
        widget_id = str(request.get("widget_id"))
        try:
            asked[widget_id] = _ask(request)
        except InvalidRequest as error:
            readings[widget_id] = WidgetReading(str(request.get("widget_type")), "error", error)
    queries = [query for one in asked.values() for query in one.queries]
    answers = iter(read_answers(queries) if queries else ())
    for widget_id, one in asked.items():
        readings[widget_id] = _selected(one, [next(answers) for _ in one.queries])
    return {widget_id: readings[widget_id] for widget_id in (str(request.get("widget_id")) for request in requests)}


def check(request: Mapping[str, Any]) -> Options:
    """The options of a widget's config. Raises InvalidRequest that names the field at fault."""
    return parse(request)[1]


def parse(request: Mapping[str, Any]) -> tuple[AnyWidget, Options]:
    """The widget type and its options. Raises InvalidRequest that names the field at fault."""
    widget = BY_TYPE.get(str(request.get("widget_type")))
    if widget is None:
        raise InvalidRequest(f"widget_type must be one of {', '.join(BY_TYPE)}", pointer="/widget_type")
    try:
        return widget, validated(widget.options, request.get("config"))
    except InvalidRequest as error:
        raise _within_config(error) from error


def queries(request: Mapping[str, Any]) -> list[Query]:
    """What a widget asks. Raises InvalidRequest that names the field at fault."""
    return _ask(request).queries


def _ask(request: Mapping[str, Any]) -> _Asked:
    widget, options = parse(request)
    return _Asked(widget, options, widget.queries(options))


def _selected(asked: _Asked, readings: Sequence[Reading]) -> WidgetReading:
    """The view of one widget's answers; the oldest of them gives the age, the worst the cache status."""
    base: dict[str, Any] = {
        "widget_type": asked.widget.type,
        "cache_status": _worst([reading.cache_status for reading in readings]),
        "timestamp": min(reading.as_of for reading in readings),
        "options": asked.options,
    }
    failed = next((reading.error for reading in readings if reading.error is not None), None)
    answers = [reading.answer for reading in readings if reading.answer is not None]
    base["zone"] = answers[0].period.zone if answers else None
    try:
        if failed is not None:
            raise failed
        view = asked.widget.select(answers, asked.options)
    except PulseboardError as error:
        return WidgetReading(status="error", error=error, **base)
    known = any(answer.has_facts for answer in answers)
    why = view.nothing if known else "Nothing was recorded for this yet."
    if why is not None:
        return WidgetReading(status="no_data", error=NoData(why), view=view, **base)
    return WidgetReading(status="ok", view=view, **base)


_AGES: tuple[CacheStatus, ...] = ("fresh", "cached", "stale")


def _worst(statuses: Sequence[CacheStatus]) -> CacheStatus:
    return max(statuses, key=_AGES.index)


def _within_config(error: InvalidRequest) -> InvalidRequest:
    """The same faults with pointers from the widget down; the first is named in the words too."""
    faults = [{**fault, "pointer": f"/config{fault['pointer']}"} for fault in error.errors]
    place = f"/config{error.pointer or ''}"
    return InvalidRequest(f"{place[1:].replace('/', '.')}: {error.detail}", pointer=place, errors=faults)
