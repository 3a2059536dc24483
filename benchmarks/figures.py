"""What a benchmark found, held against its bound, and how a table of such figures is printed."""

from __future__ import annotations

import argparse
import gc
import os
import platform
import sqlite3
import statistics
import sys
import textwrap
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

median = statistics.median


@dataclass(frozen=True, slots=True)
class Figure:
    """`measured` is what the bound judges: mostly a ratio of the two medians; None as `ok` where nothing is bound."""

    name: str
    ran: str
    ours: str
    theirs: str
    measured: str
    bound: str
    ok: bool | None


@dataclass(frozen=True, slots=True)
class Samples:
    """Interleaved measurements of the two sides."""

    ours: list[float]
    theirs: list[float]

    @property
    def medians(self) -> tuple[float, float]:
        return median(self.ours), median(self.theirs)

    @property
    def ratio(self) -> float:
        ours, theirs = self.medians
        return ours / theirs


def interleaved(pairs: int, ours: Callable[[], float], theirs: Callable[[], float]) -> Samples:
    """Measures one side, then the other, `pairs` times; which of them begins changes from pair to pair."""
    return Samples(*in_turns(pairs, ours, theirs))


def in_turns(rounds: int, *sides: Callable[[], float]) -> list[list[float]]:
    """Measures each side once a round; which of them begins moves on from round to round."""
    found: list[list[float]] = [[] for _ in sides]
    for turn in range(rounds):
        for step in range(len(sides)):
            side = (turn + step) % len(sides)
            found[side].append(sides[side]())
    return found


def seconds_of(act: Callable[[], object]) -> float:
    """How long `act` takes; what others left for the garbage collector is cleared away first."""
    gc.collect()
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun


@contextmanager
def stage(what: str) -> Iterator[None]:
    """Says on stderr what is going on, and how long it took."""
    print(f"  {what} …", end="", file=sys.stderr, flush=True)
    begun = time.perf_counter()
    yield
    print(f" {time.perf_counter() - begun:.1f} s", file=sys.stderr, flush=True)


def arguments(doc: str | None) -> argparse.Namespace:
    """`--quick`: small sizes, to see that everything runs; its figures are no figures."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small sizes, to see that it runs")
    return parser.parse_args()


def command(doc: str | None, run: Callable[[bool], list[Figure]]) -> int:
    """The body of each benchmark's own command: runs it and prints its figures; 1 where a bound is not kept."""
    quick = arguments(doc).quick
    return report(run(quick), quick)


def report(found: Sequence[Figure], quick: bool) -> int:
    """Prints the table; 1 where a bound is not kept, which a quick run does not say."""
    print(table([replace(figure, ok=None) for figure in found] if quick else found, quick))
    return 0 if quick or all(figure.ok is not False for figure in found) else 1


def table(figures: Sequence[Figure], quick: bool) -> str:
    lines = [machine(), *(["QUICK: sizes too small for the figures to mean anything"] if quick else []), ""]
    heads = ("figure", "ours", "the other's", "measured", "bound", "")
    rows = [(one.name, one.ours, one.theirs, one.measured, one.bound, _said(one.ok)) for one in figures]
    widths = [max(len(row[place]) for row in [heads, *rows]) for place in range(len(heads))]
    for row in (heads, tuple("-" * width for width in widths), *rows):
        lines.append("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    lines.append("")
    for one in figures:
        lines += textwrap.wrap(f"{one.name}: {one.ran}", 110, subsequent_indent="    ")
    return "\n".join(lines)


def machine() -> str:
    return (
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {platform.system()}, "
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; medians of interleaved measurements of one run"
    )


def _said(ok: bool | None) -> str:
    return {True: "ok", False: "NOT KEPT", None: ""}[ok]
