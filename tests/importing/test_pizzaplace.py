"""The mapping of docs/import.md, on the sample and on small files."""

from __future__ import annotations

import random
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from services.errors import InvalidRequest
from services.events.schemas import canonical, check
from services.importing.pizzaplace import PIZZAPLACE
from services.importing.wall_time import to_rfc3339

SAMPLE = Path(__file__).parents[2] / "sample" / "pizzaplace" / "pizzaplace.csv.xz"
HEADER = "id,date,time,name,size,type,price\n"
LINES = (
    "2015-1,2015-01-01,11:38:36,hawaiian,M,classic,13.25\n"
    "2015-2,2015-01-01,11:57:40,five_cheese,L,veggie,18.5\n"
    "2015-2,2015-01-01,11:57:40,classic_dlx,M,classic,16\n"
    "2015-2,2015-01-01,11:57:40,five_cheese,L,veggie,18.5\n"
)


def read(path: Path, tz: str) -> list[dict[str, Any]]:
    return list(PIZZAPLACE.read(path, "pizza", tz).events)


def imported(tmp_path: Path, lines: str, tz: str = "America/New_York") -> list[dict[str, Any]]:
    path = tmp_path / "orders.csv"
    path.write_text(HEADER + lines, encoding="utf-8")
    return read(path, tz)


@pytest.fixture(scope="module")
def sample() -> list[dict[str, Any]]:
    return read(SAMPLE, "America/New_York")


def test_the_sample_gives_the_figures_of_its_source(sample: list[dict[str, Any]]) -> None:
    assert len({event["id"] for event in sample}) == len(sample) == 21_350
    assert sum(Decimal(event["data"]["total_amount"]) for event in sample) == Decimal("817860.05")
    assert len({event["occurred_at"][:10] for event in sample}) == 358
    assert sum(event["data"]["items_count"] for event in sample) == 49_574


def test_every_order_of_the_sample_adds_up_and_is_valid(sample: list[dict[str, Any]]) -> None:
    for event in sample:
        data = event["data"]
        assert sum(Decimal(item["line_amount"]) for item in data["items"]) == Decimal(data["total_amount"])
        assert sum(item["quantity"] for item in data["items"]) == data["items_count"]
    for event in sample[::100]:
        canonical(check(event))


def test_an_order_becomes_one_event_and_identical_lines_one_item(tmp_path: Path) -> None:
    assert imported(tmp_path, LINES)[1] == {
        "id": "2015-2",
        "type": "order_completed",
        "source": "pizzaplace",
        "site": "pizza",
        "occurred_at": "2015-01-01T11:57:40-05:00",
        "data": {
            "order_id": "2015-2",
            "total_amount": "53.00",
            "items_count": 3,
            "items": [
                {
                    "product": "classic_dlx", "category": "classic", "size": "M",
                    "quantity": 1, "unit_price": "16.00", "line_amount": "16.00",
                },
                {
                    "product": "five_cheese", "category": "veggie", "size": "L",
                    "quantity": 2, "unit_price": "18.50", "line_amount": "37.00",
                },
            ],
        },
    }  # fmt: skip


def test_the_order_of_the_lines_does_not_matter(tmp_path: Path) -> None:
    lines = LINES.splitlines(keepends=True)
    for seed in range(5):
        mixed = random.Random(seed).sample(lines, len(lines))
        assert imported(tmp_path, "".join(mixed)) == imported(tmp_path, LINES)


def test_plain_and_packed_files_are_the_same(tmp_path: Path, sample: list[dict[str, Any]]) -> None:
    plain = tmp_path / "plain.csv"
    pd.read_csv(SAMPLE, dtype=str).to_csv(plain, index=False)
    assert read(plain, "America/New_York") == sample


@pytest.mark.parametrize(
    ("local", "zone", "expected"),
    [
        ("2015-11-01T01:30:00", "America/New_York", "2015-11-01T01:30:00-04:00"),  # twice: the first
        ("2015-03-08T02:30:00", "America/New_York", "2015-03-08T03:30:00-04:00"),  # never: an hour on
        ("2015-04-05T01:45:00", "Australia/Lord_Howe", "2015-04-05T01:45:00+11:00"),
        ("2015-10-04T02:10:00", "Australia/Lord_Howe", "2015-10-04T02:40:00+11:00"),
        ("2015-07-01T12:00:00", "Asia/Kathmandu", "2015-07-01T12:00:00+05:45"),
    ],
)
def test_wall_clock_times_get_one_offset_also_where_the_clocks_change(local: str, zone: str, expected: str) -> None:
    assert to_rfc3339(datetime.fromisoformat(local), ZoneInfo(zone)) == expected


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("1,2015-01-01,11:38:36,hawaiian,M,classic,13.255\n", "price"),
        ("1,2015-01-01,11:38:36,hawaiian,M,classic,1e3\n", "price"),
        ("1,2015-01-01,11:38:36,hawaiian,M,classic,-1\n", "price"),
        ("1,2015-02-30,11:38:36,hawaiian,M,classic,1\n", "day"),
        ("1,01.02.2015,11:38:36,hawaiian,M,classic,1\n", "date and time"),
        ("1,2015-01-01,11:38,hawaiian,M,classic,1\n", "date and time"),
        (",2015-01-01,11:38:36,hawaiian,M,classic,1\n", "id"),
        ("1,2015-01-01,11:38:36,,M,classic,1\n", "name"),
    ],
)
def test_a_line_that_cannot_be_read_is_named_with_its_number(tmp_path: Path, line: str, told: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        imported(tmp_path, LINES + line)
    assert caught.value.detail.startswith("line 6: ")
    assert told in caught.value.detail


def test_a_file_that_is_no_such_csv_is_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    with pytest.raises(InvalidRequest, match="No such file"):
        read(path, "UTC")
    path.write_text("id,date\n1,2\n")
    with pytest.raises(InvalidRequest, match="lacks the columns time, name"):
        read(path, "UTC")
    packed = tmp_path / "file.csv.xz"
    for contents in (b"", b"not packed at all"):
        packed.write_bytes(contents)
        with pytest.raises(InvalidRequest, match="not a CSV file"):
            read(packed, "UTC")
    with pytest.raises(InvalidRequest, match="IANA"):
        read(path, "Nowhere/At_All")
