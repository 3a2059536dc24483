"""The table: one metric or several, a row for each group of the first."""

from __future__ import annotations

from typing import Any

import pytest

from services.metrics.answer import Group
from tests.widgets.answers import answer, money
from widgets.table import SHOWN, TableOptions, queries, render, select

EUR = {"kind": "money", "currency": "EUR"}


def options(**config: Any) -> TableOptions:
    return TableOptions.model_validate(config)


STAFF = options(
    query={"group_by": ["staff"], "order": "-value", "limit": 2}, metrics=["revenue", "orders", "average_order_value"]
)  # fmt: skip


def test_the_first_metric_leads_and_the_others_are_asked_without_limit() -> None:
    first, second, third = queries(STAFF)
    assert (first.metric, first.order, first.limit) == ("revenue", "-value", 2)
    assert [(one.metric, one.order, one.limit) for one in (second, third)] == [
        ("orders", None, None),
        ("average_order_value", None, None),
    ]


def test_rows_join_the_metrics_by_label_and_name_the_staff() -> None:
    names = {"7": "Mia"}
    view = select(
        [
            answer("revenue", ["staff"], [Group(("7",), money("80.00")), Group((None,), money("20.00"))],
                   names=names, total_groups=5),
            answer("orders", ["staff"], [Group((None,), 1), Group(("7",), 4), Group(("9",), 2)], names=names),
            answer("average_order_value", ["staff"], [Group(("7",), money("20.00"))], names=names),
        ],
        STAFF,
    )  # fmt: skip
    assert view.data() == {
        "columns": [
            {"name": "staff", "title": "Staff", "unit": None},
            {"name": "revenue", "title": "Revenue", "unit": EUR},
            {"name": "orders", "title": "Orders", "unit": {"kind": "count", "currency": None}},
            {"name": "average_order_value", "title": "Average order value", "unit": EUR},
        ],
        "rows": [
            {"staff": "7", "staff_name": "Mia", "revenue": 80.0, "orders": 4, "average_order_value": 20.0},
            {"staff": None, "staff_name": None, "revenue": 20.0, "orders": 1, "average_order_value": None},
        ],
        "total_rows": 5,
    }


def test_cells_sort_as_numbers_and_show_as_text() -> None:
    asked = options(query={"metric": "revenue", "group_by": ["channel"]})
    view = select([answer("revenue", ["channel"], [Group(("dine_in",), money("1234.50"))])], asked)
    row = render(view, asked).rowData[0]
    assert row["revenue"] == 1234.5
    assert row["revenue" + SHOWN] == "€1,234.50"
    assert row["channel" + SHOWN] == "Dine in"


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"query": {"metric": "revenue"}, "metrics": ["orders"]}, "the first has to be"),
        ({"query": {}, "metrics": ["orders", "orders"]}, "twice"),
        ({"query": {"group_by": ["staff"]}, "metrics": ["revenue", "payments"]}, "cannot be grouped by staff"),
        ({"query": {"group_by": ["staff"]}}, "metric"),
    ],
)
def test_metrics_that_do_not_go_together_are_refused(config: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        options(**config)
