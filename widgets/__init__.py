"""The ten widget types. To add one: a file beside these, a line here, a test; see CONTRIBUTING.md."""

from __future__ import annotations

from typing import Any

from widgets.bar_chart import BAR_CHART
from widgets.contract import Widget
from widgets.gauge import GAUGE
from widgets.heatmap import HEATMAP
from widgets.kpi_card import KPI_CARD
from widgets.line_chart import LINE_CHART
from widgets.metric_card import METRIC_CARD
from widgets.pie_chart import PIE_CHART
from widgets.progress_bar import PROGRESS_BAR
from widgets.sparkline import SPARKLINE
from widgets.table import TABLE

REGISTRY: tuple[Widget[Any, Any], ...] = (
    METRIC_CARD,
    LINE_CHART,
    BAR_CHART,
    PIE_CHART,
    TABLE,
    GAUGE,
    PROGRESS_BAR,
    SPARKLINE,
    HEATMAP,
    KPI_CARD,
)

BY_TYPE = {widget.type: widget for widget in REGISTRY}
