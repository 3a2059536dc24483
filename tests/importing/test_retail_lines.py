"""The mapping of order lines in docs/import.md: on a made-up export, against a count by hand, and on small files."""

from __future__ import annotations

import csv
import random
from collections import defaultdict
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest

from demo.order_lines import Plan, write
from services.errors import InvalidRequest
from services.events.schemas import canonical, check
from services.importing.layouts import layout_of, named
from services.importing.reading import Reading
from services.importing.retail_lines import COLUMNS, RETAIL_LINES

HEADER = ",".join(COLUMNS) + "\n"
LINES = (
    "536365,85123A,WHITE HEART,6,2010-12-01 08:26:00,2.55,17850,United Kingdom\n"
    "536365,71053,WHITE LANTERN,2,2010-12-01 08:26:00,3.39,17850,United Kingdom\n"
    "536365,85123A,WHITE HEART,6,2010-12-01 08:26:00,2.55,17850,United Kingdom\n"
    "536366,22139,,1,2010-12-01 08:28:00,0.0,,United Kingdom\n"
    "C536379,85123A,WHITE HEART,-2,2010-12-01 09:41:00,2.55,17850,United Kingdom\n"
)


def read(path: Path, tz: str = "Europe/London") -> Reading:
    return RETAIL_LINES.read(path, "shop", tz)


def of_lines(tmp_path: Path, lines: str, encoding: str = "utf-8") -> Reading:
    path = tmp_path / "lines.csv"
    path.write_text(HEADER + lines, encoding=encoding)
    return read(path)


def told(reading: Reading, word: str) -> str:
    return next(line.strip() for line in reading.told if line.strip().startswith(word))


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("export") / "lines.csv"
    write(path, Plan(6_000))
    return path


def counted_by_hand(path: Path) -> dict[str, Any]:
    """The same export by the csv module and Decimal alone."""
    invoices: dict[str, list[dict[str, str]]] = defaultdict(list)
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            invoices[row["InvoiceNo"]].append(row)
    counted: dict[str, Any] = {"orders": {}, "refunds": {}, "aside": set(), "units": 0}
    for number, rows in invoices.items():
        exact = sum((Decimal(row["UnitPrice"]) * int(row["Quantity"]) for row in rows), Decimal(0))
        amount = exact.quantize(Decimal("0.01"), ROUND_HALF_UP)
        units = sum(int(row["Quantity"]) for row in rows)
        if number.startswith("C") and amount < 0:
            counted["refunds"][number] = -amount
        elif number.isdigit() and amount >= 0 and units >= 0:
            counted["orders"][number] = amount
            counted["units"] += units
        else:
            counted["aside"].add(number)
    return counted


def test_every_figure_of_an_export_equals_a_count_by_hand(export: Path) -> None:
    reading, counted = read(export), counted_by_hand(export)
    data = {event["id"]: event["data"] for event in reading.events}
    kinds = {event["id"]: event["type"] for event in reading.events}
    orders = {number: Decimal(data[number]["total_amount"]) for number in data if kinds[number] == "order_completed"}
    refunds = {number: Decimal(data[number]["amount"]) for number in data if kinds[number] == "order_cancelled"}
    assert orders == counted["orders"]
    assert refunds == counted["refunds"]
    assert {row[0] for row in reading.set_aside[1:]} == counted["aside"]
    assert sum(item["quantity"] for number in orders for item in data[number]["items"]) == counted["units"]


def test_every_row_of_an_export_is_in_the_summary(export: Path) -> None:
    reading = read(export)
    assert told(reading, "read:").startswith("read: 6,000 rows of ")
    taken = [told(reading, word).rpartition(" of ")[2].split()[0] for word in ("orders", "refunds")]
    assert sum(int(rows.replace(",", "")) for rows in taken) + len(reading.set_aside) - 1 == 6_000
    assert told(reading, "repeated:").startswith("repeated: 58 rows")
    assert "2 of 2 rows, -18,821.10 GBP" in told(reading, "a price below zero")


def test_every_event_of_an_export_is_valid(export: Path) -> None:
    for event in read(export).events:
        canonical(check(event))


def test_the_lines_of_an_invoice_become_one_order_and_equal_ones_one_item(tmp_path: Path) -> None:
    assert of_lines(tmp_path, LINES).events[0] == {
        "id": "536365",
        "type": "order_completed",
        "source": "retail-lines",
        "site": "shop",
        "occurred_at": "2010-12-01T08:26:00+00:00",
        "data": {
            "order_id": "536365", "customer_id": "17850", "country": "United Kingdom",
            "total_amount": "37.38", "items_count": 14,
            "items": [
                {
                    "product": "WHITE HEART", "stock_code": "85123A",
                    "quantity": 12, "unit_price": "2.55", "line_amount": "30.60",
                },
                {
                    "product": "WHITE LANTERN", "stock_code": "71053",
                    "quantity": 2, "unit_price": "3.39", "line_amount": "6.78",
                },
            ],
        },
    }  # fmt: skip


def test_a_line_without_name_price_or_customer_is_an_item_by_its_code(tmp_path: Path) -> None:
    data = of_lines(tmp_path, LINES).events[1]["data"]
    assert data["items"] == [
        {"product": "22139", "stock_code": "22139", "quantity": 1, "unit_price": "0.00", "line_amount": "0.00"}
    ]
    assert data["total_amount"] == "0.00"
    assert "customer_id" not in data


def test_a_credit_note_becomes_a_refund_when_it_happened(tmp_path: Path) -> None:
    event = of_lines(tmp_path, LINES).events[2]
    assert (event["id"], event["type"]) == ("C536379", "order_cancelled")
    assert (event["data"]["order_id"], event["data"]["amount"]) == ("C536379", "5.10")
    assert event["occurred_at"] == "2010-12-01T09:41:00+00:00"


def test_the_order_of_the_lines_does_not_matter(tmp_path: Path, export: Path) -> None:
    lines = export.read_text(encoding="utf-8").splitlines(keepends=True)[1:]
    expected = of_lines(tmp_path, "".join(lines))
    mixed = of_lines(tmp_path, "".join(random.Random(3).sample(lines, len(lines))))
    assert list(mixed.events) == list(expected.events)
    assert mixed.told == expected.told


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ("A1,B,Adjust bad debt,1,2011-08-12 14:51:00,-11062.06,,United Kingdom\n", "a price below zero"),
        ("A1,B,Adjust bad debt,1,2011-08-12 14:50:00,11062.06,,United Kingdom\n", "a number that is neither"),
        ("1,X,LAMP,1,2011-08-12 14:50:00,5,,X\n1,Y,LAMP,-2,2011-08-12 14:50:00,3,,X\n", "a total below zero"),
        ("1,X,LAMP,9,2011-08-12 14:50:00,5,,X\n1,Y,OFF,1,2011-08-12 14:50:00,-3,,X\n", "a price below zero"),
        ("1,X,broken,-9,2011-08-12 14:50:00,0,,X\n", "units below zero"),
        ("C1,X,LAMP,-1,2011-08-12 14:50:00,0,,X\n", "a credit note that gives nothing back"),
        ("C1,X,LAMP,1,2011-08-12 14:50:00,5,,X\n", "a credit note that gives nothing back"),
        ("1,X,LAMP,1,2011-08-12 14:50:00,5,7,X\n1,X,LAMP,1,2011-08-12 14:50:00,5,8,X\n", "more than one customer"),
    ],
)
def test_what_is_no_order_is_set_aside_whole_and_told(tmp_path: Path, lines: str, reason: str) -> None:
    reading = of_lines(tmp_path, LINES + lines)
    assert [event["id"] for event in reading.events] == ["536365", "536366", "C536379"]
    rows = lines.count("\n")
    assert f"1 of {rows} rows" in told(reading, reason)
    assert [row[-1].startswith(reason) for row in reading.set_aside[1:]] == [True] * rows


def test_prices_below_a_penny_round_once_for_each_order(tmp_path: Path) -> None:
    line = "1,PADS,PADS TO MATCH,4,2011-08-12 14:50:00,0.001,,X\n1,CUT,CUTTING,2,2011-08-12 14:50:00,0.0005,,X\n"
    reading = of_lines(tmp_path, line)
    data = reading.events[0]["data"]
    assert data["total_amount"] == "0.01"
    assert [item["line_amount"] for item in data["items"]] == ["0.00", "0.00"]
    assert {item["exact_unit_price"] for item in data["items"]} == {"0.001", "0.0005"}
    assert "rounded to the penny by 0.005" in told(reading, "all rows")


def test_an_order_with_more_products_than_an_event_holds_keeps_its_units_and_amounts(tmp_path: Path) -> None:
    lines = "".join(f"1,{n},LAMP {n},2,2011-08-12 14:50:00,{n}.01,,X\n" for n in range(1_114))
    reading = of_lines(tmp_path, lines)
    data = reading.events[0]["data"]
    canonical(check(reading.events[0]))
    assert len(data["items"]) == 1_000
    assert sum(Decimal(item["line_amount"]) for item in data["items"]) == Decimal(data["total_amount"])
    assert sum(item["quantity"] for item in data["items"]) == data["items_count"] == 2_228
    assert data["items"][-1]["product"] == "(further lines)"
    assert "last products of 1 stand together" in told(reading, "long:")


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        (("2011-07-01 12:30", "2011-07-01T12:31:05"), "2011-07-01T12:30:00+01:00"),
        (("7/1/2011 9:05", "7/13/2011 9:05"), "2011-07-01T09:05:00+01:00"),
        (("7/1/2011 9:05", "13/1/2011 9:05"), "2011-01-07T09:05:00+00:00"),
        (("2011-10-30 01:30:00", "2011-10-30 01:30:00"), "2011-10-30T01:30:00+01:00"),
    ],
)
def test_times_are_read_as_the_files_dates_tell(tmp_path: Path, times: tuple[str, str], expected: str) -> None:
    reading = of_lines(tmp_path, "".join(f"1,X,LAMP,1,{time},5,,X\n" for time in times))
    assert reading.events[0]["occurred_at"] == expected


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("1,X,LAMP,1.5,2011-08-12 14:50:00,5,,X\n", "Quantity must be a whole number, not '1.5'"),
        ("1,X,LAMP,1,2011-08-12 14:50:00,5.00001,,X\n", "UnitPrice"),
        ("1,X,LAMP,1,2011-08-12 14:50:00,5e2,,X\n", "UnitPrice"),
        (",X,LAMP,1,2011-08-12 14:50:00,5,,X\n", "InvoiceNo"),
        ("1,,LAMP,1,2011-08-12 14:50:00,5,,X\n", "StockCode"),
        ("1,X,LAMP,1,2011-02-30 14:50:00,5,,X\n", "is no time"),
        ("1,X,LAMP,1,yesterday,5,,X\n", "the time must be"),
        ("1,X,LAMP,1,7/1/2011 9:05,5,,X\n", "does not tell day from month"),
    ],
)
def test_a_line_that_cannot_be_read_is_named_with_its_number(tmp_path: Path, line: str, words: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        of_lines(tmp_path, LINES + line)
    assert caught.value.detail.startswith("line 7: ")
    assert words in caught.value.detail


def test_days_that_contradict_each_other_are_named(tmp_path: Path) -> None:
    lines = "1,X,LAMP,1,7/13/2011 9:05,5,,X\n1,X,LAMP,1,13/7/2011 9:05,5,,X\n"
    with pytest.raises(InvalidRequest, match=r"line 3: .*the other way round"):
        of_lines(tmp_path, lines)


def test_a_spreadsheets_ways_do_not_matter(tmp_path: Path) -> None:
    line = "c1,X, £5 LAMP ,-1,2011-08-12 14:50:00,5.0,17850.0,X\n"
    event = of_lines(tmp_path, line, encoding="cp1252").events[0]
    assert event["data"]["customer_id"] == "17850"
    assert event["data"]["returned"][0]["product"] == "£5 LAMP"
    assert event["type"] == "order_cancelled"


def test_the_columns_of_a_file_tell_its_layout(tmp_path: Path, export: Path) -> None:
    assert layout_of(export).name == "retail-lines"
    path = tmp_path / "other.csv"
    path.write_text("id,date,time,name,size,type,price,more\n")
    assert layout_of(path) is named("pizzaplace")
    path.write_text("id,date,Quantity\n")
    with pytest.raises(InvalidRequest, match=r"for pizzaplace time, name.*for retail-lines InvoiceNo"):
        layout_of(path)
    with pytest.raises(InvalidRequest, match="pizzaplace, retail-lines"):
        named("spreadsheet")
