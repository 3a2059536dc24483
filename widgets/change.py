"""The line under a figure that says how it compares: arrow, percentage, and what with."""

from __future__ import annotations

from decimal import Decimal

from dash import html
from dash.development.base_component import Component

from widgets import formats

ARROWS = {"up": "↑", "down": "↓", "flat": "→"}


def direction(change: Decimal | None) -> str:
    if change is None or change == 0:
        return "flat"
    return "up" if change > 0 else "down"


def tone(change: Decimal | None, *, lower_is_better: bool) -> str:
    """Whether a change is `good`, `bad` or `neutral` news."""
    if change is None or change == 0:
        return "neutral"
    return "good" if (change < 0) == lower_is_better else "bad"


def line(change: Decimal | None, *, against: str, lower_is_better: bool) -> Component:
    """`↑ 12.4%  vs $1,020.00 yesterday by now`, coloured by whether that is good news."""
    way, mood = direction(change), tone(change, lower_is_better=lower_is_better)
    badge = [html.Span(ARROWS[way], **{"aria-hidden": "true"}), formats.percent_text(abs(change) if change else change)]
    if change is None:
        badge = ["no comparison"]
    said = "" if mood == "neutral" else f"{way}, {'better' if mood == 'good' else 'worse'}: "
    return html.Div(
        [
            html.Span([html.Span(said, className="pb-sr"), *badge], className="pb-change", **{"data-tone": mood}),
            html.Span(against, className="pb-against"),
        ],
        className="pb-change-line",
    )
