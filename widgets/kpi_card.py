"""KPI card: a figure against its target, and against what should be reached by now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from dash import html
from dash.development.base_component import Component

from services.metrics.answer import Answer, Unit, percentage
from widgets import formats
from widgets.contract import NO_DIVISOR, Figure, Options, View, Widget

Status = Literal["met", "on_track", "at_risk", "off_track"]

TITLES: dict[Status, str] = {"met": "Met", "on_track": "On track", "at_risk": "At risk", "off_track": "Off track"}
AT_RISK_FROM = Decimal("0.9")


class KpiCardOptions(Options):
    target: Figure


@dataclass(frozen=True, slots=True)
class KpiCardView(View):
    current: Decimal | None
    target: Decimal
    percentage: Decimal | None
    expected_by_now: Decimal
    expected_share: Decimal
    """How much of the period is over, 0 to 1."""
    status: Status | None
    unit: Unit
    title: str

    @property
    def zero(self) -> bool:
        return self.current == 0

    @property
    def nothing(self) -> str | None:
        return NO_DIVISOR if self.current is None else None

    def data(self) -> dict[str, Any]:
        return {
            "current": formats.number(self.current, self.unit),
            "target": formats.number(self.target, self.unit),
            "percentage": formats.percent_number(self.percentage),
            "expected_by_now": formats.number(self.expected_by_now, self.unit),
            "status": self.status,
            "unit": self.unit.data(),
        }


def select(answers: Sequence[Answer], options: KpiCardOptions) -> KpiCardView:
    """Expected by now is the target times the elapsed share of the period."""
    (answer,) = answers
    current = None if answer.total is None else Decimal(answer.total)
    target, elapsed = options.target, answer.period.elapsed_share()
    expected = target * elapsed
    return KpiCardView(
        current=current,
        target=target,
        percentage=percentage(current, target),
        expected_by_now=expected,
        expected_share=elapsed,
        status=None if current is None else judge(current, target, expected),
        unit=answer.unit,
        title=answer.title,
    )


def judge(current: Decimal, target: Decimal, expected: Decimal) -> Status:
    """`met`; else `on_track` from what is expected by now, `at_risk` from 90 % of it, `off_track` below."""
    if current >= target:
        return "met"
    if current >= expected:
        return "on_track"
    return "at_risk" if current >= expected * AT_RISK_FROM else "off_track"


def render(view: KpiCardView, options: KpiCardOptions) -> Component:
    head = [
        html.Span(formats.text(view.current, view.unit, options.format), className="pb-big"),
        html.Span(f"of {formats.brief(view.target, view.unit, options.format)}", className="pb-of"),
    ]
    reached = formats.percent_text(view.percentage)
    expected = formats.brief(view.expected_by_now, view.unit, options.format)
    foot = [
        html.Span(TITLES[view.status] if view.status else "", className="pb-pill", **{"data-status": view.status}),
        html.Span(f"{reached}, expected {expected} by now", className="pb-against"),
    ]
    return html.Div(
        [
            html.Div(head, className="pb-progress-head"),
            _bar(view),
            html.Div(foot, className="pb-spread"),
        ],
        className="pb-progress",
    )


def _bar(view: KpiCardView) -> Component:
    """Filled to what is reached, with a tick at what is expected by now."""
    width = max(Decimal(0), min(Decimal(100), view.percentage or Decimal(0)))
    return html.Div(
        [
            html.Div(className="pb-bar-fill", style={"width": f"{width}%"}, **{"data-status": view.status}),
            html.Div(className="pb-bar-tick", style={"left": f"{view.expected_share * 100:.1f}%"}),
        ],
        className="pb-bar", role="progressbar",
        **{"aria-valuenow": float(width), "aria-valuemin": 0, "aria-valuemax": 100, "aria-label": view.title},
    )  # fmt: skip


KPI_CARD = Widget("kpi_card", KpiCardOptions, select, render)
