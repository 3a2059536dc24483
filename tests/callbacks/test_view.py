"""What an address asks of a dashboard."""

from __future__ import annotations

import pytest

from callbacks import view
from services.errors import InvalidRequest

SPEC = {
    "widget_id": "w",
    "widget_type": "line_chart",
    "config": {"query": {"metric": "revenue", "group_by": ["hour"], "range": "today"}},
}
PAST = "?site=pizza&range=this_year&now=2015-12-31T23:59:59-05:00"


def test_a_plain_address_leaves_every_widget_as_it_was_saved() -> None:
    assert view.of("").applied([SPEC]) == [SPEC]


def test_site_range_and_moment_go_into_the_query_of_each_widget() -> None:
    (spec,) = view.of(PAST).applied([SPEC])
    assert spec["config"]["query"] == {
        "metric": "revenue",
        "group_by": ["day"],
        "range": "this_year",
        "site": ["pizza"],
        "now": "2015-12-31T23:59:59-05:00",
    }
    assert SPEC["config"]["query"]["range"] == "today"  # type: ignore[index]


def test_the_moment_is_said_in_words() -> None:
    assert view.of(PAST).said() == "This year · as of 31 Dec 2015, 23:59"


def test_choosing_another_site_keeps_the_rest() -> None:
    assert view.of(PAST).with_site(None) == "?range=this_year&now=2015-12-31T23%3A59%3A59-05%3A00"


@pytest.mark.parametrize("search", ["?range=whenever", "?now=yesterday", "?now=2015-12-31T23:59:59", "?now=0"])
def test_what_cannot_be_read_is_named_and_the_plain_dashboard_shown(search: str) -> None:
    with pytest.raises(InvalidRequest):
        view.of(search)
    assert view.of_or_plain(search) == view.View()
    assert (view.fault(search) or "").startswith(search[1:].partition("=")[0])
