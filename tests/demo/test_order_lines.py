"""The made-up export has the shape that it says, and is the same each time."""

from __future__ import annotations

import csv
import lzma
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from demo.order_lines import COLUMNS, ROWS, Plan, lengths, main, write


def test_a_file_has_exactly_the_rows_asked_for_in_their_proportions(tmp_path: Path) -> None:
    write(tmp_path / "lines.csv", Plan(20_000))
    with (tmp_path / "lines.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert tuple(rows[0]) == COLUMNS
    lines = rows[1:]
    assert len(lines) == 20_000
    assert len(lines) - len({tuple(line) for line in lines}) == round(20_000 * 5_268 / ROWS)
    returned = [line for line in lines if line[0].startswith("C")]
    assert len(returned) == round(20_000 * 0.018)
    assert all(int(line[3]) < 0 for line in returned)
    assert 0.24 < sum(not line[6] for line in lines) / 20_000 < 0.26
    assert sum(not line[2] for line in lines) == pytest.approx(20_000 * 1_454 / ROWS, abs=1)
    assert sum(line[5].startswith("-") for line in lines) == 2
    assert len({line[0] for line in lines}) == pytest.approx(20_000 * 25_900 / ROWS, abs=5)
    days = sorted(line[4] for line in lines)
    assert days[0] >= "2010-12-01"
    assert days[-1] < "2011-12-10"


def test_the_whole_file_is_planned_to_the_row() -> None:
    plan = Plan(ROWS)
    single = plan.nameless_write_offs + plan.noted_write_offs + plan.nameless_samples + plan.corrections
    kinds = Counter(credit=plan.credit_notes[1], strangers=plan.strangers_sales[1], known=plan.known_sales[1])
    assert single + kinds.total() == 541_909
    assert single + plan.credit_notes[0] + plan.strangers_sales[0] + plan.known_sales[0] == 25_900


def test_the_command_writes_the_same_packed_or_not_and_each_time(tmp_path: Path) -> None:
    for name in ("one.csv", "two.csv.xz"):
        assert main([str(tmp_path / name), "--rows", "500"]) == 0
    assert lzma.decompress((tmp_path / "two.csv.xz").read_bytes()) == (tmp_path / "one.csv").read_bytes()
    assert main([str(tmp_path / "three.csv"), "--rows", "500", "--seed", "1"]) == 0
    assert (tmp_path / "three.csv").read_bytes() != (tmp_path / "one.csv").read_bytes()


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "taken.csv").mkdir()
    assert main([str(tmp_path / "taken.csv"), "--rows", "500"]) == 1
    assert "Is a directory" in capsys.readouterr().err


def test_lengths_add_up() -> None:
    for number, total in ((1, 1), (3, 3), (7, 100), (100, 5_000)):
        drawn = lengths(Random(1), number, total)
        assert (len(drawn), sum(drawn)) == (number, total)
        assert min(drawn) >= 1
