"""The short way to check an event says what the careful way says, or nothing at all: whatever is posted."""

from copy import deepcopy
from functools import cache

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.errors import InvalidEvent
from services.events import event_types, facts, ordinary, plain_orders, schemas
from tests.services.events.test_schemas import REQUIRED
from tests.services.samples import event, line, order

MONEY = (
    "42.50", "42.5", "007", "0", "0.00", "-0", "-0.00", "-3.10", "1.005", "1.00000", "999999999999.9999", "1" * 13,
    " 1", "1 ", "1\n", ".5", "5.", "1e3", "NaN", "+1", "٤٢", "1_0", "", "x",
)  # fmt: skip
NUMBERS = (
    0, 1, -2, 7, 10**12, 10**30, 1.0, 1.5, -0.0, 1.2345, 0.1 + 0.2, 1e-7, 1e11, 1e300, float("inf"), float("nan"),
)  # fmt: skip
TEXTS = (
    "7", "Müller", "", "x" * 128, "x" * 129, "é" * 200, "😀" * 201, "a\x00b", "\x00", "\\u0000", "\ud800", "a\udfff",
)  # fmt: skip
TIMES = (
    "2026-03-01T12:30:05Z", "2026-03-01T12:30:05.123456+05:45", "2026-03-01t06:45:05.1234569z",
    "2026-03-01 06:45:05-11:00", "1970-12-31T23:59:59.999999Z", "1971-01-01T00:00:00Z", "9999-12-31T23:59:59-23:59",
    "0001-01-01T00:00:00+23:59", "2026-02-30T12:30:05Z", "2026-03-01T24:00:00Z", "2026-03-01T12:30:60Z",
    "2026-03-01T12:30:05+24:00", "2026-03-01T12:30:05", "2026-03-01T12:30:05+0100", "2026-03-01T12:30:05.Z",
    "2026-03-01", "2026-03-01T12:30:05Z\n", "٢٠٢٦-03-01T12:30:05Z",
)  # fmt: skip
MORE = (
    "low", "success", "refunded", "order_completed", None, True, False, [], {}, [None], {"\ud800": 1}, {"a": "\x00"},
)  # fmt: skip
VALUES = st.sampled_from((*MONEY, *NUMBERS, *TEXTS, *TIMES, *MORE)) | st.text(max_size=3) | st.integers()
ORIGIN = {"source": st.just("till"), "site": st.just("main")}
OPTIONAL = {
    "order_completed": {
        "staff_id": "7", "staff_name": "Mia", "customer_id": "c", "table_no": "4", "channel": "web",
        "payment_method": "card", "discount_amount": "1.00", "tax_amount": "3", "tip_amount": "0.50",
    },
    "order_cancelled": {"amount": "5.00", "staff_id": "7", "reason": "cold"},
    "payment_processed": {"transaction_id": "t"},
    "staff_action": {"staff_name": "Mia", "shift_id": "s", "action_data": {"till": [1, None]}},
    "customer_action": {"action_data": None},
    "inventory_updated": {"reorder_level": "2.50", "unit": "kg"},
    "system_event": {"source_service": "till", "event_data": {"at": 1}},
    "alert_triggered": {},
}  # fmt: skip


@st.composite
def items(draw):
    """An event of any type as it should be, but for a few of its values."""
    kind = draw(st.sampled_from([*REQUIRED, "order_completed", "order_completed"]))
    optional = {key: st.just(value) for key, value in OPTIONAL[kind].items()}
    data = {**REQUIRED[kind], **draw(st.fixed_dictionaries({}, optional=optional))}
    if kind == "order_completed" and draw(st.booleans()):
        data["items"] = draw(st.lists(_lines(), max_size=3))
    item = event(kind, data, **draw(st.fixed_dictionaries({}, optional=ORIGIN)))
    places = [item, data, data, data, *data.get("items", ())]
    for _ in range(draw(st.sampled_from([0, 0, 1, 1, 1, 2, 4]))):
        place = draw(st.sampled_from(places))
        key = draw(st.sampled_from([*place, "more", "\ud800", "id", "items"]))
        if draw(st.booleans()):
            place[key] = draw(VALUES)
        else:
            place.pop(key, None)
    return item


@cache
def _lines():
    shape = {"product": st.sampled_from(["Cola", "Tea"]), "quantity": st.sampled_from([1, 2, "1.50", 0.5, "1.2345"])}
    optional = {
        "category": st.sampled_from(["Drinks", None]), "note": st.just("cold"),
        "unit_price": st.sampled_from(["1.50", "2", None]), "line_amount": st.sampled_from(["3.00", "-1", None]),
    }  # fmt: skip
    return st.fixed_dictionaries(shape, optional=optional)


def told(check, item):
    """All that is kept of an item, or what is wrong with it."""
    try:
        checked = check(deepcopy(item))
        stamp = (checked["occurred_at"], checked.get("id") or "", checked.get("source") or "")
        fact = facts.fact_of(checked["type"], checked["data"], stamp, 2)
        return deepcopy(checked), fact, schemas.canonical(checked)
    except InvalidEvent as error:
        return error.errors


@given(items())
@example(order(items=[line("Cola", "3.00", 2)] * 1_001))
@example(order(id=81_723))
@example(order(note="\ud800"))
@example(event("staff_action", {**REQUIRED["staff_action"], "action_data": "\x00"}))
@example({**order(), "type": ["order_completed"]})
def test_both_ways_to_check_an_event_tell_the_same(item):
    assert told(schemas.check, item) == told(schemas.check_carefully, item)


@given(items())
def test_checking_leaves_what_was_posted_as_it_is(item):
    before = repr(item)
    told(schemas.check, item)
    assert repr(item) == before


@pytest.mark.parametrize("kind", REQUIRED)
def test_an_ordinary_event_goes_the_short_way(kind):
    full = {**REQUIRED[kind], **OPTIONAL[kind], "more": {"of": "this"}}
    assert ordinary.check(event(kind, full)) is not None


def test_an_order_of_numbers_and_nulls_goes_the_short_way():
    lines = [line("Cola", "3.00", 1.5), {**line("Tea", "2", 2), "category": None, "unit_price": "1.00"}]
    assert ordinary.check(order(items=lines, staff_id=None, tip_amount="0.50")) is not None


def read_the_long_way(item, digits):
    """What an order becomes without any short way, with the source and site of one that names none."""
    checked = schemas.check_carefully(deepcopy(item))
    checked["source"], checked["site"] = checked.get("source") or "key", checked.get("site") or "main"
    stamp = (checked["occurred_at"], checked["id"], checked["source"])
    fact = facts.fact_of(checked["type"], checked["data"], stamp, digits)
    body = schemas.canonical(checked)
    event = facts.Accepted(checked["site"], stamp[2], stamp[1], checked["type"], stamp[0], body, fact)
    return event, facts.staff_name_of(checked["data"])


@settings(max_examples=400)
@given(items(), st.sampled_from([0, 2, 2, 3]))
@example(order(items=[]), 2)
@example(order(items=[line("Cola", "-3.10", 1.5), {"product": "Tea", "quantity": 0.5, "unit_price": "0.01"}]), 2)
def test_a_plain_order_read_at_once_is_what_the_long_way_makes_of_it(item, digits):
    before = repr(item)
    found = plain_orders.read(item, "key", "main", {"main": digits})
    assert found is None or found == read_the_long_way(item, digits)
    assert repr(item) == before
    if found is not None:
        again = plain_orders.read_again(found[0].body.encode(), {"main": digits, found[0].site: digits})
        assert again == (found[0]._replace(body=""), found[1])


@pytest.mark.parametrize("optional", [{}, OPTIONAL["order_completed"], {"channel": None, "items": None}])
def test_plain_orders_are_read_at_once(optional):
    lines = [line("Cola", "3.00", 2), {"product": "Tea", "quantity": "1.50", "unit_price": "2"}]
    item = order(items=lines, source="till")
    item["data"] |= optional
    assert plain_orders.read(item, "key", "main", {"main": 2}) == read_the_long_way(item, 2)


@pytest.mark.parametrize(
    ("plain", "schema"),
    [(plain_orders.PlainSale, event_types.OrderCompleted), (plain_orders.PlainLine, event_types.Line)],
)
def test_a_plain_shape_has_the_fields_of_its_schema_in_the_order_of_the_alphabet(plain, schema):
    assert plain.__struct_fields__ == tuple(sorted(schema.__annotations__))
