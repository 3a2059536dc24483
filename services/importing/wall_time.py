"""Times as files tell them: of a clock on the wall, in a zone that the file does not name."""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Iterable
from datetime import UTC, datetime

from services.errors import InvalidRequest

_ISO = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d)?")
_SLASHES = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4}) (\d{1,2}):(\d\d)(?::(\d\d))?")


def zone_of(tz: str) -> zoneinfo.ZoneInfo:
    if tz not in zoneinfo.available_timezones():
        raise InvalidRequest(f"{tz} is no IANA zone such as America/New_York", pointer="/tz")
    return zoneinfo.ZoneInfo(tz)


def to_rfc3339(happened: datetime, zone: zoneinfo.ZoneInfo) -> str:
    """The wall-clock time with its offset.

    Time: one that the clocks show twice is the first of the two; one that they skip is read with the offset from
          before the change, so that it lands as long after the change as it seems to lie behind it.
    """
    return happened.replace(tzinfo=zone, fold=0).astimezone(UTC).astimezone(zone).isoformat()


def moments(texts: Iterable[str]) -> dict[str, datetime]:
    """Each distinct text of a column, YYYY-MM-DD HH:MM[:SS] or with slashes, as the time that it shows.

    Whether 12/1/2010 begins with its day or its month is told by the other texts: a part of some is above 12.
    Errors: InvalidRequest, with the line in the file, also where the texts do not tell.
    """
    lines: dict[str, int] = {}
    for line, text in enumerate(texts, start=2):
        lines.setdefault(text, line)
    day_first = _day_first(lines)
    return {text: _moment(text, line, day_first) for text, line in lines.items()}


def _day_first(lines: dict[str, int]) -> bool | None:
    """None where no text tells."""
    said: bool | None = None
    for text, line in lines.items():
        parts = _SLASHES.fullmatch(text)
        if parts is None or (int(parts[1]) <= 12 and int(parts[2]) <= 12):
            continue
        told = int(parts[1]) > 12
        if said not in (None, told):
            raise InvalidRequest(f"line {line}: {text!r} has day and month the other way round than lines before")
        said = told
    return said


def _moment(text: str, line: int, day_first: bool | None) -> datetime:
    parts = _SLASHES.fullmatch(text)
    if parts is None and not _ISO.fullmatch(text):
        raise InvalidRequest(f"line {line}: the time must be YYYY-MM-DD HH:MM:SS, not {text!r}")
    if parts is not None and day_first is None:
        raise InvalidRequest(f"line {line}: {text!r} does not tell day from month; write YYYY-MM-DD HH:MM:SS")
    try:
        return datetime.fromisoformat(text) if parts is None else _of_parts(parts, day_first=bool(day_first))
    except ValueError as error:
        raise InvalidRequest(f"line {line}: {text!r} is no time: {error}") from error


def _of_parts(parts: re.Match[str], *, day_first: bool) -> datetime:
    first, second, year, hour, minute, seconds = (int(part or 0) for part in parts.groups())
    month, day = (second, first) if day_first else (first, second)
    return datetime(year, month, day, hour, minute, seconds)  # noqa: DTZ001 - of the wall; to_rfc3339 adds the zone
