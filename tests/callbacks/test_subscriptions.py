"""What each widget listens to."""

from __future__ import annotations

from typing import Any

import pytest

from callbacks import subscriptions
from services.access.scope import ROLES, Scope
from services.metrics.query import Query


def test_widgets_listen_to_their_metrics_at_the_sites_they_show(services: Any, manager: Scope) -> None:
    services.sites.save("harbour", name="Harbour", tz="UTC", currency="USD", day_starts_at="00:00")
    overview = services.dashboards.ensure_defaults(manager)[0]
    topics = subscriptions.of_dashboard(services, manager, overview.widgets)["topics"]
    assert topics["revenue"] == ["revenue@harbour", "revenue@main"]
    assert topics["top-staff"] == [f"{metric}@{site}" for metric in ("average_order_value", "orders", "revenue")
                                   for site in ("harbour", "main")]  # fmt: skip


def test_a_scope_listens_to_its_own_sites_alone(services: Any) -> None:
    services.sites.save("harbour", name="Harbour", tz="UTC", currency="USD", day_starts_at="00:00")
    ben = Scope("user:ben", ROLES["manager"], sites=frozenset({"harbour"}))
    overview = services.dashboards.ensure_defaults(ben)[0]
    told = subscriptions.of_dashboard(services, ben, overview.widgets)["topics"].values()
    assert {topic.partition("@")[2] for topics in told for topic in topics} == {"harbour"}


def test_a_widget_that_cannot_be_asked_listens_to_nothing(services: Any) -> None:
    ben = Scope("user:ben", ROLES["manager"], sites=frozenset({"main"}), staff_id="7")
    specs = [
        {"widget_id": "broken", "widget_type": "metric_card", "config": {"query": {"metric": "fame"}}},
        {"widget_id": "foreign", "widget_type": "metric_card", "config": {"query": {"metric": "tips", "site": "no"}}},
        {"widget_id": "not-by-staff", "widget_type": "metric_card", "config": {"query": {"metric": "new_customers"}}},
    ]
    topics = subscriptions.of_dashboard(services, ben, specs)["topics"]
    assert (topics["broken"], topics["foreign"]) == ([], [])


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (Query(metric="revenue"), ["day"]),
        (Query(metric="revenue", group_by=("hour",)), ["hour", "day"]),
        (Query(metric="revenue", range="last_24_hours"), ["hour", "day"]),
        (Query(metric="revenue", range="last_60_minutes", group_by=("minute",)), ["minute", "hour", "day"]),
    ],
)
def test_time_moves_what_it_divides(query: Query, expected: list[str]) -> None:
    assert subscriptions.turns([query]) == expected
