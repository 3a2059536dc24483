"""What a mapping makes of a file: events to post, and what a person wants to know of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Event = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Reading:
    """`events` in order of time, perhaps each made only when it is asked for; `told` are the lines of the summary.

    `set_aside`: the rows that become no event, each with its reason last; a heading first, where there are any.
    """

    events: Sequence[Event]
    told: Sequence[str]
    set_aside: Sequence[tuple[str, ...]] = ()


@dataclass(frozen=True, slots=True)
class Layout:
    """A kind of CSV file, known by its columns; `read(path, site, tz)`. `unit` is what the progress bar counts."""

    name: str
    columns: tuple[str, ...]
    currency: str
    unit: str
    read: Callable[[Path, str, str], Reading]
