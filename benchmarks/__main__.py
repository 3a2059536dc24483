"""All benchmarks in one table: `python -m benchmarks`. Each has a command too, such as `python -m benchmarks.ingest`.

Every figure is a comparison made within this run: the two sides take turns, and medians are compared. The stores of
(b) and (c) are built once for both and take most of the time; (i) takes some minutes, what is not named one or two.
"""

from __future__ import annotations

import sys

from benchmarks import (
    frames,
    growth,
    hooks,
    idle,
    ingest,
    lanes,
    postgres,
    processors,
    rows,
    screen,
    shops,
)
from benchmarks.figures import Figure, arguments, report
from benchmarks.places import directory


def run(quick: bool) -> list[Figure]:
    return [
        *ingest.run(quick),
        *_of_large_stores(quick),
        *(figure for one in (frames, screen, idle, hooks, postgres, lanes, processors) for figure in one.run(quick)),
    ]


def _of_large_stores(quick: bool) -> list[Figure]:
    with directory() as place:
        built = shops.build(place, [*growth.days(quick), rows.days(quick)])
        return [*growth.compare(built, quick), *rows.compare(built, quick)]


if __name__ == "__main__":
    quick = arguments(__doc__).quick
    sys.exit(report(run(quick), quick))
