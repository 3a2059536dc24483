"""The two dashboards that everybody starts with, as plain literals."""

from __future__ import annotations

from typing import Any

from services.access.scope import Permission, Scope

Widget = dict[str, Any]


def _widget(widget_id: str, kind: str, title: str, at: tuple[int, int, int, int], **config: Any) -> Widget:
    x, y, w, h = at
    position = {"x": x, "y": y, "w": w, "h": h}
    return {"widget_id": widget_id, "widget_type": kind, "title": title, "position": position, "config": config}


def _today(metric: str, *group_by: str, **more: Any) -> dict[str, Any]:
    return {"metric": metric, "group_by": list(group_by), "range": "today", **more}


def _card(widget_id: str, metric: str, title: str, x: int) -> Widget:
    query = _today(metric, compare="previous_period")
    return _widget(widget_id, "metric_card", title, (x, 0, 3, 3), query=query)


_STAFF_TABLE = _widget(
    "top-staff", "table", "Top staff today", (8, 3, 4, 8),
    query=_today("revenue", "staff", order="-value", limit=10), metrics=["revenue", "orders", "average_order_value"],
)  # fmt: skip

_HOURLY = _today("revenue", "hour", compare="previous_period")


def overview(scope: Scope) -> list[Widget]:
    """Today at a glance; without view_staff there is no staff table, and the line takes its place."""
    sees_staff = scope.may(Permission.VIEW_STAFF)
    line = (0, 3, 8 if sees_staff else 12, 8)
    return [
        _card("revenue", "revenue", "Revenue", 0),
        _card("orders", "orders", "Orders", 3),
        _card("customers", "customers", "Customers", 6),
        _card("average-order-value", "average_order_value", "Average order value", 9),
        _widget("hourly-revenue", "line_chart", "Revenue by the hour", line, query=_HOURLY, fill=True),
        *([_STAFF_TABLE] if sees_staff else []),
        _widget("orders-by-hour", "bar_chart", "Orders by the hour", (0, 11, 7, 8), query=_today("orders", "hour")),
        _widget("customers-by-type", "pie_chart", "Customers by type", (7, 11, 5, 8),
                query=_today("customers", "customer_type")),
    ]  # fmt: skip


def patterns(scope: Scope) -> list[Widget]:
    """How it goes against targets, and when guests come."""
    by_hour = {"metric": "revenue", "group_by": ["weekday", "hour_of_day"], "range": "last_8_weeks"}
    by_day = {"metric": "revenue", "group_by": ["day"], "range": "last_30_days"}
    by_channel = {"metric": "orders", "group_by": ["channel"], "range": "last_7_days", "order": "-value"}
    thresholds = [{"at": 0, "color": "red"}, {"at": 0.9, "color": "yellow"}, {"at": 0.95, "color": "green"}]
    return [
        _widget("payment-success", "gauge", "Payments that succeed", (0, 0, 3, 6),
                query=_today("payment_success_rate"), min=0, max=1, thresholds=thresholds),
        _widget("revenue-target", "kpi_card", "Revenue this month, example goal", (3, 0, 3, 6),
                query={"metric": "revenue", "range": "this_month"}, target=700_000),
        _widget("orders-target", "progress_bar", "Orders today, example goal", (6, 0, 3, 6),
                query=_today("orders"), target=450),
        _widget("revenue-trend", "sparkline", "Revenue, 30 days", (9, 0, 3, 6), query=by_day),
        _widget("busy-hours", "heatmap", "Revenue by weekday and hour, 8 weeks", (0, 6, 8, 9), query=by_hour),
        _widget("channels", "bar_chart", "Orders by channel, 7 days", (8, 6, 4, 9), query=by_channel, horizontal=True),
    ]  # fmt: skip


DEFAULTS = (("overview", "Overview", overview), ("patterns", "Patterns", patterns))
"""(slug, name, widgets for a scope), in the order in which they are offered."""
