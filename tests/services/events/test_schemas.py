"""What an event must look like: each fault by its code and pointer, and one text for all spellings."""

from __future__ import annotations

import json
from typing import Any

import pytest

from services.errors import InvalidEvent
from services.events import facts, schemas
from tests.services.samples import Json, event, line, order

REQUIRED: dict[str, Json] = {
    "order_completed": {"order_id": "1", "total_amount": "42.50", "items_count": 3},
    "order_cancelled": {"order_id": "1"},
    "payment_processed": {"order_id": "1", "payment_method": "card", "amount": "42.50", "status": "success"},
    "staff_action": {"staff_id": "7", "action_type": "login"},
    "customer_action": {"customer_id": "c-19", "action_type": "sign_up"},
    "inventory_updated": {"product": "Flour", "quantity": 3},
    "system_event": {"event_type": "restart", "message": "", "severity": "low"},
    "alert_triggered": {
        "alert_name": "slow", "message": "…", "metric_name": "orders",
        "current_value": 1, "threshold_value": "2.5", "severity": "critical",
    },
}  # fmt: skip
EACH_TYPE = pytest.mark.parametrize(("kind", "data"), REQUIRED.items(), ids=list(REQUIRED))


def faults(item: object) -> list[tuple[str, str]]:
    """(code, pointer) of each fault."""
    with pytest.raises(InvalidEvent) as raised:
        schemas.canonical(schemas.check(item))
    assert all(fault.keys() == {"code", "pointer", "detail"} and fault["detail"] for fault in raised.value.errors)
    return [(fault["code"], fault["pointer"]) for fault in raised.value.errors]


def text(item: Json) -> str:
    return schemas.canonical(schemas.check(item))


def data_of(item: Json) -> Json:
    kept: Json = json.loads(text(item))["data"]
    return kept


def money(amount: str, digits: int = 2) -> facts.Order:
    checked = schemas.check(order(total=amount))
    fact = facts.fact_of("order_completed", checked["data"], (0, "e", "till"), digits)
    assert isinstance(fact, facts.Order)
    return fact


@EACH_TYPE
def test_what_is_required_is_enough(kind: str, data: Json) -> None:
    assert schemas.check(event(kind, data))["type"] == kind


@EACH_TYPE
def test_each_missing_field_is_named(kind: str, data: Json) -> None:
    for name in data:
        rest = {key: value for key, value in data.items() if key != name}
        assert faults(event(kind, rest)) == [("missing", f"/data/{name}")]


@EACH_TYPE
def test_a_null_is_no_value_for_a_required_field(kind: str, data: Json) -> None:
    for name in data:
        assert [pointer for _, pointer in faults(event(kind, {**data, name: None}))] == [f"/data/{name}"]


def test_the_eight_types_are_the_contract_s() -> None:
    assert schemas.DATA.keys() == REQUIRED.keys()


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"type": "order_eaten"}, ("unknown_type", "/type")),
        ({"type": None}, ("missing", "/type")),
        ({"type": ["order_completed"]}, ("unknown_type", "/type")),
        ({"type": "\ud800"}, ("unknown_type", "/type")),
        ({"occurred_at": None}, ("wrong_type", "/occurred_at")),
        ({"occurred_at": 1_772_364_605}, ("wrong_type", "/occurred_at")),
        ({"occurred_at": "1772364605"}, ("wrong_type", "/occurred_at")),
        ({"occurred_at": "2026-03-01T12:30:05"}, ("wrong_type", "/occurred_at")),
        ({"occurred_at": "2026-03-01"}, ("wrong_type", "/occurred_at")),
        ({"occurred_at": "2026-02-30T12:30:05Z"}, ("invalid", "/occurred_at")),
        ({"occurred_at": "2026-03-01T24:30:05Z"}, ("invalid", "/occurred_at")),
        ({"occurred_at": "0001-01-01T00:00:00+23:59"}, ("out_of_range", "/occurred_at")),
        ({"occurred_at": "1969-07-20T20:17:40Z"}, ("out_of_range", "/occurred_at")),
        ({"data": []}, ("wrong_type", "/data")),
        ({"data": None}, ("wrong_type", "/data")),
        ({"id": ""}, ("out_of_range", "/id")),
        ({"id": "x" * 129}, ("out_of_range", "/id")),
        ({"id": 10**200}, ("out_of_range", "/id")),
        ({"id": True}, ("wrong_type", "/id")),
        ({"id": {}}, ("wrong_type", "/id")),
        ({"id": "a\x00b"}, ("wrong_type", "/id")),
        ({"colour": "red"}, ("unknown_field", "/colour")),
        ({"a/b~c": 1}, ("unknown_field", "/a~1b~0c")),
    ],
)
def test_a_fault_of_the_envelope_is_named(change: Json, fault: tuple[str, str]) -> None:
    assert faults({**order(), **change}) == [fault]


@pytest.mark.parametrize("item", [None, 7, "order", [order()], True])
def test_only_an_object_is_an_event(item: object) -> None:
    assert faults(item) == [("wrong_type", "")]


@pytest.mark.parametrize(
    "amount",
    [42.5, 42, True, "", " 42.50", "42.50 ", "4,50", "1e3", "NaN", "Infinity", "+1", ".5", "5.", "--1", "0x10",
     "1" * 13, "1.12345", "٤٢.٥٠", "1_000", None],
)  # fmt: skip
def test_money_is_decimal_text_and_nothing_else(amount: Any) -> None:
    assert faults(order(total=amount)) == [("wrong_type", "/data/total_amount")]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"total_amount": "-0.01"}, ("out_of_range", "/data/total_amount")),
        ({"tip_amount": "-1"}, ("out_of_range", "/data/tip_amount")),
        ({"items_count": -1}, ("out_of_range", "/data/items_count")),
        ({"items_count": 10**30}, ("out_of_range", "/data/items_count")),
        ({"items_count": "3"}, ("wrong_type", "/data/items_count")),
        ({"items_count": 2.5}, ("wrong_type", "/data/items_count")),
        ({"items_count": True}, ("wrong_type", "/data/items_count")),
        ({"order_id": ["1"]}, ("wrong_type", "/data/order_id")),
        ({"staff_id": "\ud800"}, ("wrong_type", "/data/staff_id")),
        ({"staff_name": ""}, ("out_of_range", "/data/staff_name")),
        ({"channel": 5}, ("wrong_type", "/data/channel")),
        ({"items": {}}, ("wrong_type", "/data/items")),
        ({"items": [7]}, ("wrong_type", "/data/items/0")),
        ({"items": [line("Cola", "1")] * 1_001}, ("out_of_range", "/data/items")),
        ({"items": [{"product": "Cola", "quantity": 1}]}, ("missing", "/data/items/0")),
        ({"items": [line("Cola", "1"), {"quantity": 1, "unit_price": "1"}]}, ("missing", "/data/items/1/product")),
        ({"items": [line("Cola", "1", 1.2345)]}, ("out_of_range", "/data/items/0/quantity")),
        ({"items": [line("Cola", "1", float("inf"))]}, ("wrong_type", "/data/items/0/quantity")),
        ({"items": [line("Cola", "1", 10**12)]}, ("wrong_type", "/data/items/0/quantity")),
        ({"items": [line("Cola", 1.5)]}, ("wrong_type", "/data/items/0/line_amount")),  # type: ignore[arg-type]
        ({"note": "a lone \udfff"}, ("invalid", "/data")),
        ({"note": ["a", {"b": "\ud800"}]}, ("invalid", "/data")),
        ({"\ud800": 1}, ("wrong_type", "/data")),
    ],
)
def test_a_fault_of_an_order_is_named(change: Json, fault: tuple[str, str]) -> None:
    assert faults(event("order_completed", {**REQUIRED["order_completed"], **change})) == [fault]


@EACH_TYPE
@pytest.mark.parametrize("unfit", ["a\x00b", "\x00", "a\udfff"])
def test_no_text_that_gets_a_column_of_its_own_holds_what_no_store_can_keep(
    kind: str, data: Json, unfit: str
) -> None:
    """PostgreSQL keeps no U+0000 in a text; the canonical body has it as an escape."""
    for name in schemas.DATA[kind].__annotations__.keys() - {"action_data", "event_data"}:
        assert [pointer for _, pointer in faults(event(kind, {**data, name: unfit}))] == [f"/data/{name}"]
    for name in ("id", "source", "site"):
        assert faults(event(kind, data) | {name: unfit}) == [("wrong_type", f"/{name}")]
    for name in ("product", "category"):
        spoilt = {**line("Cola", "1"), name: unfit}
        assert faults(order(items=[spoilt])) == [("wrong_type", f"/data/items/0/{name}")]


def test_null_characters_elsewhere_are_kept_as_escapes() -> None:
    kept = text(event("staff_action", {**REQUIRED["staff_action"], "action_data": "a\x00", "no\x00te": "\x00"}))
    assert "\x00" not in kept
    assert json.loads(kept)["data"]["action_data"] == "a\x00"


def test_every_fault_is_told_at_once() -> None:
    item = {**order(total="-1", items_count="x"), "occurred_at": "today", "colour": "red"}
    assert {pointer for _, pointer in faults(item)} == {
        "/data/total_amount", "/data/items_count", "/occurred_at", "/colour",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "change", "fault"),
    [
        ("order_cancelled", {"amount": "0.00"}, ("out_of_range", "/data/amount")),
        ("order_cancelled", {"amount": "-5"}, ("out_of_range", "/data/amount")),
        ("payment_processed", {"status": "pending"}, ("invalid", "/data/status")),
        ("system_event", {"severity": "LOW"}, ("invalid", "/data/severity")),
        ("system_event", {"message": "x" * 10_001}, ("out_of_range", "/data/message")),
        ("inventory_updated", {"quantity": "many"}, ("wrong_type", "/data/quantity")),
        ("alert_triggered", {"current_value": "NaN"}, ("wrong_type", "/data/current_value")),
    ],
)
def test_a_fault_of_another_type_is_named(kind: str, change: Json, fault: tuple[str, str]) -> None:
    assert faults(event(kind, {**REQUIRED[kind], **change})) == [fault]


def test_ids_may_be_numbers_and_are_kept_as_text() -> None:
    numbered = order(81723, id=5, site=7, source=1.5, staff_id=7, customer_id=0, table_no=4)  # type: ignore[arg-type]
    kept = json.loads(text(numbered))
    assert (kept["id"], kept["site"], kept["source"]) == ("5", "7", "1.5")
    assert [kept["data"][name] for name in ("order_id", "staff_id", "customer_id", "table_no")] == [
        "81723",
        "7",
        "0",
        "4",
    ]


def test_nulls_are_dropped_and_what_no_schema_names_is_kept() -> None:
    item = order(
        channel=None, items=[{**line("Cola", "2"), "note": "cold"}], mood={"of": ["guest", None]}, nothing=None
    )
    kept = data_of(item)
    assert {"channel", "nothing"}.isdisjoint(kept)
    assert kept["mood"] == {"of": ["guest", None]}
    assert kept["items"] == [{"product": "Cola", "line_amount": "2", "quantity": "1", "note": "cold"}]


def test_one_event_in_many_spellings_has_one_text() -> None:
    plain = {
        **order(id="a", total="42.5", tip_amount="0", items=[line("Cola", "3", 2)]),
        "occurred_at": "2026-03-01T11:30:05Z",
    }
    other = {
        "data": {
            "items": [{"quantity": "2.000", "line_amount": "3.00", "product": "Cola", "unit_price": None}],
            "discount_amount": "0.00", "channel": None, "items_count": 1, "total_amount": "042.50", "order_id": "1",
        },
        "occurred_at": "2026-03-01t12:30:05.000000000+01:00", "type": "order_completed", "id": "a",
    }  # fmt: skip
    assert text(plain) == text(other)


@pytest.mark.parametrize("change", [{"total": "42.51"}, {"when": "2026-03-02T12:00:00.000001Z"}, {"note": 1}])
def test_another_content_has_another_text(change: Json) -> None:
    assert text(order(id="a", **change)) != text(order(id="a"))


def test_an_instant_keeps_its_microseconds_whatever_its_offset() -> None:
    instants = {
        schemas.check(order(when=when))["occurred_at"]
        for when in (
            "2026-03-01T12:30:05.123456+05:45",
            "2026-03-01T06:45:05.1234569Z",
            "2026-02-28T19:45:05.123456-11:00",
        )
    }
    assert instants == {1772347505123456}


@pytest.mark.parametrize(
    ("amount", "digits", "minor"),
    [("42.50", 2, 4250), ("42.5", 2, 4250), ("0.07", 2, 7), ("1999", 0, 1999), ("1.234", 3, 1234), ("007", 2, 700)],
)
def test_money_becomes_minor_units_exactly(amount: str, digits: int, minor: int) -> None:
    assert money(amount, digits).total == minor


@pytest.mark.parametrize(("amount", "digits"), [("1.001", 2), ("1.0", 0), ("1.2345", 3), ("42.500", 2)])
def test_more_digits_than_the_currency_has_are_refused(amount: str, digits: int) -> None:
    with pytest.raises(InvalidEvent) as raised:
        money(amount, digits)
    assert raised.value.errors[0]["code"] == "out_of_range"
    assert raised.value.errors[0]["pointer"] == "/data/total_amount"


@pytest.mark.parametrize(
    "lines",
    [
        [{"product": "a", "quantity": "999999999999", "unit_price": "999999999999"}],
        [{"product": "a", "quantity": 1, "line_amount": "900000000000"}] * 2,
        [{"product": "a", "quantity": "999999999", "unit_price": "0"}] * 2,
    ],
)
def test_lines_that_no_rollup_could_add_up_are_refused(lines: list[Json]) -> None:
    checked = schemas.check(order(items=lines))
    with pytest.raises(InvalidEvent) as raised:
        facts.fact_of("order_completed", checked["data"], (0, "e", "till"), 2)
    assert raised.value.errors[0]["code"] == "out_of_range"


@pytest.mark.parametrize(
    ("quantity", "price", "amount"),
    [(2, "14.00", 2800), ("0.5", "0.01", 1), ("-0.5", "0.01", -1), (0.333, "3.00", 100)],
)
def test_a_line_without_amount_is_worth_quantity_times_price_half_up(quantity: Any, price: str, amount: int) -> None:
    checked = schemas.check(order(items=[{"product": "a", "quantity": quantity, "unit_price": price}]))
    fact = facts.fact_of("order_completed", checked["data"], (0, "e", "till"), 2)
    assert isinstance(fact, facts.Order)
    assert fact.lines[0].amount == amount
