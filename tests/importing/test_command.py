"""The command whole, in a process of its own, against the real server."""

from __future__ import annotations

import csv
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import select

from demo.order_lines import Plan, write
from services.storage import tables
from services.storage.engine import Store
from tests.conftest import Server

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "sample" / "pizzaplace" / "pizzaplace.csv.xz"
YEAR = {"from": "2015-01-01T00:00:00-05:00", "to": "2016-01-01T00:00:00-05:00"}
SMALL = (
    "id,date,time,name,size,type,price\n"
    "1,2015-01-01,11:38:36,hawaiian,M,classic,13.25\n"
    "2,2015-01-01,11:57:40,five_cheese,L,veggie,18.5\n"
)


def run(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    kept = {key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ}
    return subprocess.run(
        [sys.executable, "-m", "services.importing", *arguments],
        cwd=ROOT, env={**kept, **environ}, capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip


def asked(server: Server, site: str, span: dict[str, str], **widgets: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    """The data of widgets, each (type, query), as the API tells it."""
    wanted = [
        {
            "widget_id": name, "widget_type": kind,
            "config": {"query": {"range": span, "site": [site], "now": span["to"], **query}},
        }
        for name, (kind, query) in widgets.items()
    ]  # fmt: skip
    answer = httpx.post(
        f"{server.url}/analytics/widgets/data", json={"widgets": wanted}, headers=server.headers, timeout=60
    )
    answer.raise_for_status()
    return {name: told["data"] for name, told in answer.json()["widgets"].items()}


def figures(server: Server) -> dict[str, Any]:
    """Orders, revenue and the number of days with orders in 2015."""
    data = asked(
        server, "pizza", YEAR,
        orders=("metric_card", {"metric": "orders"}),
        revenue=("metric_card", {"metric": "revenue"}),
        days=("bar_chart", {"metric": "orders", "group_by": ["day"]}),
    )  # fmt: skip
    return {
        "orders": data["orders"]["value"],
        "revenue": data["revenue"]["value"],
        "days": sum(1 for value in data["days"]["series"][0]["values"] if value),
    }


def test_the_sample_comes_in_exactly_and_again_in_any_order_changes_nothing(server: Server) -> None:
    told = {"PULSEBOARD_URL": server.url, "PULSEBOARD_API_KEY": server.key}
    arguments = (str(SAMPLE), "--site", "pizza", "--tz", "America/New_York")
    first = run(*arguments, **told)
    assert first.returncode == 0, first.stderr
    assert "read: 21,350 orders, 817,860.05 USD, 358 days" in first.stdout
    assert "stored: 21,350 new, 0 known already, 0 rejected" in first.stdout
    assert "21350/21350" in first.stderr
    expected = {"orders": 21_350, "revenue": 817_860.05, "days": 358}
    assert figures(server) == expected
    again = run(*arguments, "--shuffle-seed", "7", **told)
    assert "stored: 0 new, 22,417 known already, 0 rejected" in again.stdout
    assert figures(server) == expected


def test_without_a_server_one_is_started_for_the_import_and_its_key_revoked(tmp_path: Path) -> None:
    path, store_path = tmp_path / "small.csv", tmp_path / "store.sqlite3"
    path.write_text(SMALL)
    told = {"DATABASE_URL": f"sqlite:///{store_path}", "PORT": "1"}
    first = run(str(path), "--site", "pizza", "--tz", "America/New_York", **told)
    assert first.returncode == 0, first.stderr
    assert "stored: 2 new" in first.stdout
    again = run(str(path), "--site", "pizza", "--tz", "America/New_York", **told)
    assert "stored: 0 new, 2 known already" in again.stdout
    store = Store(told["DATABASE_URL"])
    with store.reading() as connection:
        keys = {row.name: row.revoked_at for row in connection.execute(select(tables.api_keys))}
        sites = {row.id: row.tz for row in connection.execute(select(tables.sites))}
    store.close()
    assert keys["import"] is not None
    assert keys["bootstrap"] is None
    assert sites["pizza"] == "America/New_York"


def test_what_is_wrong_is_one_line_and_an_exit_status(tmp_path: Path) -> None:
    path = tmp_path / "small.csv"
    path.write_text(SMALL)
    arguments = ("--site", "pizza", "--tz", "America/New_York")
    for told, words in (
        (run(str(tmp_path / "none.csv"), *arguments), "No such file"),
        (run(str(path), "--site", "pizza", "--tz", "Nowhere"), "no IANA zone"),
        (run(str(path), *arguments, "--format", "other"), "pizzaplace, retail-lines"),
        (run(str(path), *arguments, "--format", "retail-lines"), "lacks the columns InvoiceNo"),
        (run(str(path), *arguments, "--set-aside", str(tmp_path)), "Is a directory"),
        (run(str(path), *arguments, PULSEBOARD_URL="http://127.0.0.1:1"), "no Pulseboard answers"),
        (run(str(path), *arguments, PORT="many"), "PORT"),
    ):
        assert told.returncode == 1
        assert words in told.stderr
        assert told.stderr.count("\n") == 1


def retail_figures(server: Server) -> dict[str, Any]:
    metrics = ("orders", "revenue", "refunds", "net_revenue", "items_sold", "customers")
    span = {"from": "2010-12-01T00:00:00+00:00", "to": "2011-12-10T00:00:00+00:00"}
    data = asked(server, "shop", span, **{name: ("metric_card", {"metric": name}) for name in metrics})
    return {name: told["value"] for name, told in data.items()}


def test_order_lines_come_in_as_the_summary_says_and_a_recount_finds_no_difference(
    server: Server, tmp_path: Path
) -> None:
    path, aside = tmp_path / "lines.csv.xz", tmp_path / "aside.csv"
    write(path, Plan(8_000))
    told = {"PULSEBOARD_URL": server.url, "PULSEBOARD_API_KEY": server.key}
    arguments = (str(path), "--site", "shop", "--tz", "Europe/London")
    first = run(*arguments, "--set-aside", str(aside), **told)
    assert first.returncode == 0, first.stderr
    orders, revenue = re.search(r"orders: ([\d,]+) of [\d,]+ rows, ([\d,.]+) GBP", first.stdout).groups()
    notes, refunds = re.search(r"refunds: ([\d,]+) credit notes of [\d,]+ rows, ([\d,.]+) GBP", first.stdout).groups()
    shown = retail_figures(server)
    assert f"{shown['orders']:,}" == orders
    assert f"{shown['revenue']:,.2f}" == revenue
    assert f"{shown['refunds']:,.2f}" == refunds
    assert shown["net_revenue"] == round(shown["revenue"] - shown["refunds"], 2)
    with aside.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert f"invoices of {len(rows) - 1} rows" in first.stdout
    again = run(*arguments, "--format", "retail-lines", "--shuffle-seed", "3", **told)
    known = int(orders.replace(",", "")) + int(notes.replace(",", ""))
    assert f"stored: 0 new, {known + known // 20:,} known already, 0 rejected" in again.stdout
    assert retail_figures(server) == shown
    verified = subprocess.run(
        [sys.executable, "-m", "services.jobs", "verify"],
        cwd=ROOT, env=server.settings(), capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert verified.returncode == 0, verified.stdout + verified.stderr


def test_a_file_of_another_currency_than_the_site_is_refused(server: Server, tmp_path: Path) -> None:
    path = tmp_path / "lines.csv"
    write(path, Plan(500))
    told = {"PULSEBOARD_URL": server.url, "PULSEBOARD_API_KEY": server.key}
    refused = run(str(path), "--site", "main", "--tz", "Europe/London", **told)
    assert refused.returncode == 1
    assert "counts in USD, and the file in GBP" in refused.stderr
