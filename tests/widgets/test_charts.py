"""Line, bar, pie, sparkline and heatmap: literal answers in, literal data out; what marks the open bucket."""

from __future__ import annotations

from typing import Any

import pytest

from services.metrics.answer import Group
from tests.widgets.answers import answer, money
from widgets import bar_chart, heatmap, line_chart, pie_chart, sparkline
from widgets.contract import Options

EUR = {"kind": "money", "currency": "EUR"}
COUNT = {"kind": "count", "currency": None}
NINE, TEN = "2015-06-01T09:00:00+02:00", "2015-06-01T10:00:00+02:00"


def options(of: type[Options], metric: str, *group_by: str, **more: Any) -> Any:
    query = {"metric": metric, "group_by": list(group_by), "compare": more.pop("compare", None)}
    return of.model_validate({"query": query, **more})


def figure(component: Any) -> dict[str, Any]:
    """The plotly figure somewhere within a component."""
    if hasattr(component, "figure"):
        return component.figure  # type: ignore[no-any-return]
    children = getattr(component, "children", None)
    found = (figure(child) for child in (children if isinstance(children, list) else [children]) if child is not None)
    return next((one for one in found if one), {}) if not isinstance(component, str) else {}


HOURS = [
    Group((NINE,), money("10.00"), money("8.00"), previous_label="2015-05-31T09:00:00+02:00"),
    Group((TEN,), money("4.50"), money("9.00"), open=True, previous_label="2015-05-31T10:00:00+02:00"),
]


def test_line_has_a_point_for_each_bucket_and_the_compared_ones_aligned() -> None:
    asked = options(line_chart.LineChartOptions, "revenue", "hour", compare="previous_period")
    view = line_chart.select([answer("revenue", ["hour"], HOURS, compared=True)], asked)
    assert view.data() == {
        "series": [
            {"name": "revenue", "points": [{"x": NINE, "y": 10.0, "open": False}, {"x": TEN, "y": 4.5, "open": True}]},
            {
                "name": "previous",
                "points": [
                    {"x": NINE, "y": 8.0, "open": False, "compared_x": "2015-05-31T09:00:00+02:00"},
                    {"x": TEN, "y": 9.0, "open": True, "compared_x": "2015-05-31T10:00:00+02:00"},
                ],
            },
        ],
        "unit": EUR,
    }


def test_line_draws_the_way_to_the_open_bucket_dashed_with_a_hollow_point() -> None:
    asked = options(line_chart.LineChartOptions, "revenue", "hour")
    drawn = figure(line_chart.render(line_chart.select([answer("revenue", ["hour"], HOURS)], asked), asked))
    closed, last, hover = drawn["data"]
    assert closed["y"] == [10.0]
    assert last["y"] == [10.0, 4.5]
    assert "dash" in last["line"]
    assert last["marker"]["symbol"] == "circle-open"
    assert [("still open" in text) for text in hover["text"]] == [False, True]


def test_more_series_than_colours_are_drawn_all_the_same() -> None:
    groups = [Group((NINE, f"method-{at}"), 1) for at in range(120)]
    for module, of in ((line_chart, line_chart.LineChartOptions), (bar_chart, bar_chart.BarChartOptions)):
        asked = options(of, "orders", "hour", "payment_method")
        view = module.select([answer("orders", ["hour", "payment_method"], groups)], asked)
        assert len(figure(module.render(view, asked))["data"]) >= 120


def test_a_day_of_one_open_hour_is_drawn() -> None:
    for module, of in ((line_chart, line_chart.LineChartOptions), (sparkline, sparkline.SparklineOptions)):
        asked = options(of, "orders", "hour")
        view = module.select([answer("orders", ["hour"], [Group((NINE,), 4, open=True)])], asked)
        assert figure(module.render(view, asked))["data"][1]["marker"]["size"] == [9]


def test_a_chart_without_any_bucket_is_drawn() -> None:
    for module, of in ((line_chart, line_chart.LineChartOptions), (sparkline, sparkline.SparklineOptions),
                       (bar_chart, bar_chart.BarChartOptions)):  # fmt: skip
        asked = options(of, "orders", "hour")
        view = module.select([answer("orders", ["hour"], [], axes=((),))], asked)
        assert figure(module.render(view, asked))["data"]


def test_line_by_a_second_dimension_fills_what_is_missing() -> None:
    groups = [Group((NINE, "card"), 2), Group((TEN, "cash"), 1, open=True), Group((TEN, None), 3, open=True)]
    asked = options(line_chart.LineChartOptions, "orders", "hour", "payment_method")
    view = line_chart.select([answer("orders", ["hour", "payment_method"], groups)], asked)
    assert [(one["name"], [point["y"] for point in one["points"]]) for one in view.data()["series"]] == [
        ("card", [2, 0]),
        ("cash", [0, 1]),
        ("Not paid yet", [0, 3]),
    ]


def test_line_needs_time_along_its_axis() -> None:
    with pytest.raises(ValueError, match="the first has to be"):
        options(line_chart.LineChartOptions, "revenue", "channel")
    with pytest.raises(ValueError, match="takes 1 or 2"):
        options(line_chart.LineChartOptions, "revenue")


def test_bars_keep_the_order_of_the_answer_and_null_for_what_is_missing() -> None:
    asked = options(bar_chart.BarChartOptions, "orders", "channel")
    view = bar_chart.select([answer("orders", ["channel"], [Group(("dine_in",), 7), Group((None,), 2)])], asked)
    expected = {"labels": ["dine_in", None], "series": [{"name": "orders", "values": [7, 2]}], "unit": COUNT}
    assert view.data() == expected
    assert view.texts == ("Dine in", "No channel")


def test_bars_by_two_dimensions_are_series() -> None:
    groups = [Group(("dine_in", "card"), 4), Group(("takeaway", "cash"), 3)]
    asked = options(bar_chart.BarChartOptions, "orders", "channel", "payment_method")
    view = bar_chart.select([answer("orders", ["channel", "payment_method"], groups)], asked)
    assert view.data()["series"] == [{"name": "card", "values": [4, 0]}, {"name": "cash", "values": [0, 3]}]


def test_the_open_bar_is_hatched() -> None:
    asked = options(bar_chart.BarChartOptions, "orders", "hour")
    view = bar_chart.select([answer("orders", ["hour"], [Group((NINE,), 4), Group((TEN,), 1, open=True)])], asked)
    assert figure(bar_chart.render(view, asked))["data"][0]["marker"]["pattern"]["shape"] == ["", "/"]


def test_slices_add_up_and_the_rest_is_other() -> None:
    groups = [Group(("new",), 30), Group(("returning",), 10)]
    given = answer("customers", ["customer_type"], groups, other=Group((), 8))
    view = pie_chart.select([given], options(pie_chart.PieChartOptions, "customers", "customer_type"))
    assert view.data() == {
        "slices": [
            {"label": "new", "value": 30, "percentage": 62.5},
            {"label": "returning", "value": 10, "percentage": 20.8},
            {"label": "Other", "value": 8, "percentage": 16.7},
        ],
        "unit": COUNT,
    }


@pytest.mark.parametrize("values", [(0, 0), (5, -1)])
def test_slices_of_nothing_or_of_a_negative_part_have_no_percentage(values: tuple[int, int]) -> None:
    groups = [Group(("new",), values[0]), Group(("returning",), values[1])]
    asked = options(pie_chart.PieChartOptions, "customers", "customer_type")
    view = pie_chart.select([answer("customers", ["customer_type"], groups)], asked)
    assert [part["percentage"] for part in view.data()["slices"]] == [None, None]
    assert figure(pie_chart.render(view, asked)) == {}


def test_sparkline_ends_with_the_open_bucket() -> None:
    asked = options(sparkline.SparklineOptions, "revenue", "hour")
    view = sparkline.select([answer("revenue", ["hour"], HOURS)], asked)
    assert view.data() == {"values": [10.0, 4.5], "labels": [NINE, TEN], "last": 4.5, "unit": EUR}
    assert view.open


def test_heatmap_rows_are_the_first_dimension_and_both_axes_are_complete() -> None:
    weekdays = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
    hours = tuple(f"{hour:02d}" for hour in range(24))
    given = answer(
        "revenue", ["weekday", "hour_of_day"], [Group(("Sat", "19"), money("80.00"))], axes=(weekdays, hours)
    )  # fmt: skip
    data = heatmap.select([given], options(heatmap.HeatmapOptions, "revenue", "weekday", "hour_of_day")).data()
    assert data["y"] == list(weekdays)
    assert data["x"] == list(hours)
    assert data["z"][5][19] == 80.0
    assert sum(map(sum, data["z"])) == 80.0


def test_a_ratio_that_nothing_divides_is_null_in_a_heatmap() -> None:
    groups = [Group(("Mon", "card"), money("0.5000"))]
    given = answer("payment_success_rate", ["weekday", "payment_method"], groups, axes=(("Mon",), ("card", "cash")))
    asked = options(heatmap.HeatmapOptions, "payment_success_rate", "weekday", "payment_method")
    assert heatmap.select([given], asked).data()["z"] == [[0.5, None], *[[None, None]] * 6]


def test_a_ring_without_slices_says_that_there_is_nothing() -> None:
    view = pie_chart.select([answer("revenue", ["channel"])], options(pie_chart.PieChartOptions, "revenue", "channel"))
    assert view.nothing
    assert view.data()["slices"] == []


def test_a_week_of_hours_is_complete_whatever_the_period_touched() -> None:
    given = answer("orders", ["weekday", "hour_of_day"], [], axes=(("Tue",), ("09", "10")))
    data = heatmap.select([given], options(heatmap.HeatmapOptions, "orders", "weekday", "hour_of_day")).data()
    assert data["y"] == ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    assert (data["x"][0], data["x"][-1], len(data["x"])) == ("00", "23", 24)
    assert data["z"] == [[0] * 24] * 7


def test_slices_of_one_name_stay_two() -> None:
    """Plotly adds up what has one label."""
    groups = [Group(("7",), money("3.00")), Group(("8",), money("2.00"))]
    asked = options(pie_chart.PieChartOptions, "revenue", "staff")
    view = pie_chart.select([answer("revenue", ["staff"], groups, names={"7": "Mia", "8": "Mia"})], asked)
    (ring,) = figure(pie_chart.render(view, asked))["data"]
    assert len(set(ring["labels"])) == 2


def test_names_are_written_in_figures_as_they_stand() -> None:
    groups = [Group(("<b>till</b> & co",), money("3.00")), Group(("web",), money("2.00"))]
    asked = options(bar_chart.BarChartOptions, "revenue", "channel")
    view = bar_chart.select([answer("revenue", ["channel"], groups)], asked)
    drawn = figure(bar_chart.render(view, asked))
    assert drawn["layout"]["xaxis"]["ticktext"][0] == "&lt;b&gt;till&lt;/b&gt; &amp; co"
    assert drawn["data"][0]["customdata"][0].startswith("&lt;b&gt;till&lt;/b&gt; &amp; co<br>")
