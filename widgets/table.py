"""Table: one or several metrics by a dimension, a row for each of its values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dash.development.base_component import Component
from dash_ag_grid import AgGrid
from pydantic import Field, model_validator

from services.metrics.answer import Answer, Label, Unit, Value
from services.metrics.query import Query
from widgets import formats, labels
from widgets.contract import NO_GROUPS, Options, View, Widget

ROWS_AT_MOST = 1000
SHOWN = "__shown"
"""Suffix of the row fields that hold a cell as text; the bare field stays a number, so that sorting is right."""


class TableOptions(Options):
    """`metrics` takes the place of one metric; groups, order and limit are those of the first."""

    metrics: tuple[str, ...] = Field(default=(), max_length=8)

    @model_validator(mode="before")
    @classmethod
    def _first_metric_leads(cls, config: Any) -> Any:
        if not isinstance(config, dict) or not isinstance(config.get("query"), dict):
            return config
        named, query = config.get("metrics"), config["query"]
        if isinstance(named, list | tuple) and named and "metric" not in query:
            return {**config, "query": {**query, "metric": named[0]}}
        return config

    @model_validator(mode="after")
    def _all_can_be_asked(self) -> TableOptions:
        if len(set(self.metrics)) < len(self.metrics):
            raise ValueError("metrics: names a metric twice")
        if self.metrics and self.query.metric != self.metrics[0]:
            raise ValueError("metrics: the first has to be the query's metric")
        queries(self)
        return self


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    title: str
    unit: Unit | None = None

    def data(self) -> dict[str, Any]:
        return {"name": self.name, "title": self.title, "unit": None if self.unit is None else self.unit.data()}


Cell = Label | Value


@dataclass(frozen=True, slots=True)
class TableView(View):
    """`shown` are the rows as text, cell by cell."""

    columns: tuple[Column, ...]
    rows: tuple[dict[str, Cell], ...]
    shown: tuple[dict[str, str], ...]
    total_rows: int

    @property
    def zero(self) -> bool:
        figures = [column.name for column in self.columns if column.unit is not None]
        return not any(row[name] for row in self.rows for name in figures)

    @property
    def nothing(self) -> str | None:
        return None if self.rows else NO_GROUPS

    def data(self) -> dict[str, Any]:
        return {
            "columns": [column.data() for column in self.columns],
            "rows": [self._row(row) for row in self.rows],
            "total_rows": self.total_rows,
        }

    def _row(self, row: dict[str, Cell]) -> dict[str, Any]:
        units = {column.name: column.unit for column in self.columns}
        return {name: cell if (unit := units.get(name)) is None or isinstance(cell, str) else formats.number(cell, unit)
                for name, cell in row.items()}  # fmt: skip


def queries(options: TableOptions) -> list[Query]:
    """The first metric's query as it stands; the others without order and limit, since its rows decide."""
    fields = options.query.model_dump(by_alias=True)
    others = [{**fields, "metric": name, "order": None, "limit": None} for name in options.metrics[1:]]
    return [options.query, *(Query.model_validate(other) for other in others)]


def select(answers: Sequence[Answer], options: TableOptions) -> TableView:
    """Rows in the order of the first metric; a row of staff bears `staff_name` beside the id."""
    first = answers[0]
    columns = (
        *(Column(name, labels.TITLES[name]) for name in first.group_by),
        *(Column(answer.metric, answer.title, answer.unit) for answer in answers),
    )
    figures = [{group.labels: group.value for group in answer.groups} for answer in answers]
    kept = first.groups[:ROWS_AT_MOST]
    rows, shown = [], []
    for group in kept:
        values = {answer.metric: found.get(group.labels) for answer, found in zip(answers, figures, strict=True)}
        rows.append({**_labels_of(first, group.labels), **values})
        shown.append(_texts_of(first, group.labels) | {
            answer.metric: formats.text(values[answer.metric], answer.unit, options.format) for answer in answers
        })  # fmt: skip
    return TableView(columns, tuple(rows), tuple(shown), first.total_groups or len(first.groups))


def _labels_of(answer: Answer, found: tuple[Label, ...]) -> dict[str, Cell]:
    cells: dict[str, Cell] = dict(zip(answer.group_by, found, strict=True))
    if "staff" in cells:
        cells["staff_name"] = answer.names.get(str(cells["staff"]))
    return cells


def _texts_of(answer: Answer, found: tuple[Label, ...]) -> dict[str, str]:
    return {name: labels.display(name, label, answer.names) for name, label in zip(answer.group_by, found, strict=True)}


def render(view: TableView, options: TableOptions) -> Component:
    return AgGrid(
        columnDefs=[_column(column) for column in view.columns],
        rowData=[_grid_row(row, shown) for row, shown in zip(view.rows, view.shown, strict=True)],
        defaultColDef={"sortable": True, "resizable": False, "suppressMovable": True},
        dashGridOptions={
            "animateRows": False,
            "headerHeight": 34,
            "rowHeight": 38,
            "suppressCellFocus": True,
            "suppressHeaderFocus": True,  # Tab would go round in the headers and never reach the next card
            "suppressHorizontalScroll": True,
            "theme": {"function": "themeQuartz"},
        },
        className="pb-table",
    )


def _column(column: Column) -> dict[str, Any]:
    shown = {"function": f"params.data['{column.name}{SHOWN}']"}
    base = {"field": column.name, "valueFormatter": shown, "headerTooltip": column.title}
    if column.unit is None:
        return base | {"headerName": column.title, "flex": 12, "minWidth": 88, "sortingOrder": ["asc", "desc", None]}
    flex, least = (10, 84) if column.unit.kind == "money" else (7, 58)
    return base | {
        "headerName": labels.column_title(column.name), "flex": flex, "minWidth": least, "type": "rightAligned",
        "cellClass": "pb-number ag-right-aligned-cell", "sortingOrder": ["desc", "asc", None],
    }  # fmt: skip


def _grid_row(row: dict[str, Cell], shown: dict[str, str]) -> dict[str, Any]:
    """Numbers for sorting, texts for showing; both as plain JSON."""
    numbers = {name: cell if cell is None or isinstance(cell, str) else float(cell) for name, cell in row.items()}
    return numbers | {name + SHOWN: text for name, text in shown.items()}


TABLE = Widget("table", TableOptions, select, render, queries)
