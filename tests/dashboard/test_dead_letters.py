"""How dead letters look: in words, and as text whatever is in them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from dash.development.base_component import Component

from dashboard import dead_letters as view
from dashboard.dead_letters import Row

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ROW = Row("id-1", "order_completed", "till", "orders-7", "Main", "order_completed: too much", 5, NOON, NOON)


def buttons(part: Any) -> list[str]:
    """What each button under it does, in order."""
    found = [part] if isinstance(part, Component) else []
    parts = [one for whole in (part if isinstance(part, list) else found) for one in (whole, *whole._traverse())]
    return [one.to_plotly_json()["props"]["data-letter-act"] for one in parts
            if isinstance(one, Component) and "data-letter-act" in one.to_plotly_json()["props"]]  # fmt: skip


def test_a_type_and_a_reason_are_read_as_words() -> None:
    assert (ROW.title, ROW.why) == ("Order completed", "Too much")
    assert replace(ROW, reason="IntegrityError").why == "IntegrityError"
    assert replace(ROW, reason="").why == ""


def test_one_letter_needs_no_buttons_for_all() -> None:
    assert buttons(view.listed([ROW], 1)) == ["open", "replay", "discard"]
    assert "1 event in no figure" in str(view.listed([ROW], 1))


def test_several_can_be_moved_at_once_and_more_be_shown() -> None:
    assert buttons(view.listed([ROW], 1_200)) == ["replay_all", "discard_all", "open", "replay", "discard", "more"]
    assert "The newest 1 of 1,200" in str(view.listed([ROW], 1_200))


def test_a_long_event_is_cut_and_says_so() -> None:
    text = str(view.whole(ROW, "x" * (view.MOST_CHARACTERS + 1)))
    assert "longer than what is shown" in text
    assert "x" * (view.MOST_CHARACTERS + 1) not in text
    assert "longer" not in str(view.whole(ROW, "{}"))


def test_one_try_is_no_tries() -> None:
    assert "after 1 try" in str(view.whole(replace(ROW, attempts=1), "{}"))
