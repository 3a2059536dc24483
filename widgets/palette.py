"""The few colours that figures are drawn in: middle tones that hold 3:1 on the light and the dark surface alike.

Everything that is not a figure takes its colours from assets/tokens.css, and so follows the theme by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, cycle
from typing import Annotated

from pydantic import AfterValidator, StringConstraints

NAMED = {
    "indigo": "#5b7cfa", "teal": "#14a090", "amber": "#c98a1b", "rose": "#e0607e", "violet": "#9a6beb",
    "sky": "#2f9bd1", "green": "#3f9d5c", "slate": "#78849a", "red": "#dc4b4f", "orange": "#d9772b",
    "blue": "#5b7cfa", "yellow": "#c98a1b",
}  # fmt: skip

SERIES = tuple(NAMED[name] for name in ("indigo", "teal", "amber", "rose", "violet", "sky", "green", "slate"))
ACCENT = NAMED["indigo"]
QUIET = "#8b95a7"
"""The compared period, and whatever stands behind the figure that is meant."""


def _known(color: str) -> str:
    if not color.startswith("#") and color not in NAMED:
        raise ValueError(f"must be one of {', '.join(NAMED)}, or a hexadecimal colour such as #5b7cfa")
    return color


Color = Annotated[str, StringConstraints(pattern=r"^(#[0-9a-fA-F]{6}|[a-z]{3,12})$"), AfterValidator(_known)]


def resolve(color: str | None, default: str = ACCENT) -> str:
    """A named or written colour as #rrggbb."""
    return default if color is None else NAMED.get(color, color)


def wheel(first: str | None) -> Iterator[str]:
    """Colours for any number of series: the one asked for, then the palette's, over and over."""
    return chain([resolve(first)], SERIES[1:], cycle(SERIES))


def translucent(color: str, opacity: float) -> str:
    """#rrggbb with an opacity, as rgba()."""
    red, green, blue = (int(color[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity})"
