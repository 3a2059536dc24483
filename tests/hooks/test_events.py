"""What a caller passes, as it goes over the wire."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from enum import StrEnum

import pytest

from pulseboard_hooks.events import compose, moment, money


class Method(StrEnum):
    CARD = "card"


class LoudFloat(float):
    def __repr__(self) -> str:
        return f"LoudFloat({float(self)})"


def test_money_is_sent_as_it_is_printed() -> None:
    amounts = [Decimal("42.50"), 42, 42.5, "42.50", 0.1, 1e22, Decimal("1E+2"), LoudFloat(2.25), Decimal("-0.05")]
    assert [money(amount) for amount in amounts] == [
        "42.50", "42", "42.5", "42.50", "0.1", "10000000000000000000000", "100", "2.25", "-0.05",
    ]  # fmt: skip


@pytest.mark.parametrize("amount", [float("nan"), float("inf"), Decimal("NaN"), True, b"1", object()])
def test_what_is_no_amount_is_refused_before_it_is_sent(amount: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        money(amount)


def test_the_event_has_the_shape_of_the_contract() -> None:
    order = uuid.uuid4()
    event = compose(
        "order_completed",
        {
            "order_id": order,
            "total_amount": Decimal("26.00"),
            "payment_method": Method.CARD,
            "staff_id": None,
            "items": ({"product": "Margherita", "quantity": 2, "unit_price": 13.0},),
        },
        site="main",
        occurred_at=datetime(2026, 3, 1, 12, 30, 5, tzinfo=timezone(timedelta(hours=1))),
        id_=81723,
    )
    assert json.loads(event.body) == {
        "id": "81723",
        "type": "order_completed",
        "site": "main",
        "occurred_at": "2026-03-01T12:30:05+01:00",
        "data": {
            "order_id": str(order),
            "total_amount": "26.00",
            "payment_method": "card",
            "items": [{"product": "Margherita", "quantity": 2, "unit_price": "13.0"}],
        },
    }


def test_an_event_without_id_and_time_gets_a_new_id_and_the_present_time_with_offset() -> None:
    first, second = (compose("system_event", {}) for _ in range(2))
    assert first.id != second.id
    occurred_at = datetime.fromisoformat(json.loads(first.body)["occurred_at"])
    assert abs(datetime.now(UTC) - occurred_at) < timedelta(minutes=1)


def test_a_time_without_zone_is_local_time_of_the_process() -> None:
    naive = datetime(2026, 7, 1, 12, 0)  # noqa: DTZ001
    assert moment(naive) == naive.astimezone().isoformat()
    assert datetime.fromisoformat(moment(naive)).tzinfo is not None


def test_what_json_cannot_carry_is_refused() -> None:
    endless: list[object] = []
    endless.append(endless)
    for value in (object(), b"bytes", {"a": object()}, float("nan"), endless):
        with pytest.raises((TypeError, ValueError, RecursionError)):
            compose("order_completed", {"note": value})
    with pytest.raises(ValueError, match="bytes"):
        compose("order_completed", {"note": "x" * 2_000_000})
