"""What of a dashboard an address asks to see: its sites, its range, and as of which moment.

`/dashboards/…?site=pizza&range=this_year&now=2015-12-31T23:59:59-05:00`: kept in the address, so that a link shows the
same. It is a stranger's word: what it makes of a widget passes the schema of every widget, and scope decides as always.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode

from services.errors import InvalidRequest
from services.metrics.query import Query
from services.validation import validated

MOST_CHARACTERS = 2_000
_LONG = frozenset({"last_30_days", "last_90_days", "last_8_weeks", "this_month", "this_year", "last_12_months"})
_COARSER = {"minute": "day", "hour": "day"}
"""What time is grouped by instead where a long range is asked of a widget made for a day."""


@dataclass(frozen=True, slots=True)
class View:
    """None leaves each widget as it was saved."""

    site: str | None = None
    range: str | None = None
    now: str | None = None

    def applied(self, specs: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """The widgets with their queries as this view asks them; those saved are not touched."""
        return [{**spec, "config": {**spec["config"], "query": self._query(spec)}} for spec in specs]

    def with_site(self, site: str | None) -> str:
        """The address's search part for the same view of another site; empty for the plain dashboard."""
        asked = {"site": site, "range": self.range, "now": self.now}
        pairs = {name: value for name, value in asked.items() if value}
        return f"?{urlencode(pairs)}" if pairs else ""

    def said(self) -> str:
        """The range and the moment in words; empty where the widgets' own stand."""
        moment = None if self.now is None else datetime.fromisoformat(self.now.upper())
        words = (
            self.range and self.range.replace("_", " ").capitalize(),
            moment and f"as of {moment.day} {moment:%b %Y, %H:%M}",
        )
        return " · ".join(filter(None, words))

    def _query(self, spec: Mapping[str, Any]) -> dict[str, Any]:
        query = dict(spec["config"].get("query", {}))
        if self.site is not None:
            query["site"] = [self.site]
        if self.now is not None:
            query["now"] = self.now
        if self.range is not None:
            query["range"] = self.range
            if self.range in _LONG:
                query["group_by"] = [_COARSER.get(name, name) for name in query.get("group_by", ())]
        return query


def of(search: str | None) -> View:
    """The view that an address asks for. Raises InvalidRequest for a range or a moment that is none."""
    words = dict(parse_qsl((search if isinstance(search, str) else "").removeprefix("?")[:MOST_CHARACTERS]))
    asked = {name: words[name] for name in ("site", "range", "now") if name in words}
    validated(Query, {"metric": "revenue", **asked})
    return View(**asked)


def of_or_plain(search: str | None) -> View:
    """The same, or the plain dashboard where the address cannot be read; `fault` tells what is wrong with it."""
    try:
        return of(search)
    except InvalidRequest:
        return View()


def fault(search: str | None) -> str | None:
    """What is wrong with an address; None where nothing is."""
    try:
        of(search)
    except InvalidRequest as error:
        return f"{(error.pointer or '').strip('/')}: {error.detail}"
    return None
