"""The layouts that files may have, and which of them one has."""

from __future__ import annotations

from pathlib import Path

from services.errors import InvalidRequest
from services.importing.csv_files import header
from services.importing.pizzaplace import PIZZAPLACE
from services.importing.reading import Layout
from services.importing.retail_lines import RETAIL_LINES

LAYOUTS: tuple[Layout, ...] = (PIZZAPLACE, RETAIL_LINES)


def layout_of(path: Path) -> Layout:
    """The layout all of whose columns the file has.

    Errors: InvalidRequest with the columns that each layout lacks, where none fits.
    """
    present = set(header(path))
    for layout in LAYOUTS:
        if present.issuperset(layout.columns):
            return layout
    lacks = "; ".join(f"for {layout.name} {', '.join(_missing(layout, present))}" for layout in LAYOUTS)
    raise InvalidRequest(f"{path} lacks columns: {lacks}")


def named(name: str) -> Layout:
    for layout in LAYOUTS:
        if layout.name == name:
            return layout
    raise InvalidRequest(f"the format must be one of {', '.join(layout.name for layout in LAYOUTS)}", pointer="/format")


def _missing(layout: Layout, present: set[str]) -> list[str]:
    return [column for column in layout.columns if column not in present]
