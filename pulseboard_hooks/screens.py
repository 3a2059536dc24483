"""Hooks that make screens read again: for callers who changed something that Pulseboard cannot hear of.

An event needs none of this: the screens that it touches are told when it is accepted.
"""

from __future__ import annotations

from pulseboard_hooks.calls import hook, twin
from pulseboard_hooks.events import Event, invalidation


@hook
def invalidate_cache(*, pattern: str | None = None, widget_id: str | None = None) -> Event:
    """Drops cached answers of the topics that match, such as `revenue@*`, or of a widget; all with neither.

    It waits in the outbox behind the events before it. The key needs the permission `admin`; without it the wish is
    set aside as refused, and the events after it go on.
    """
    if pattern is not None and widget_id is not None:
        raise ValueError("takes pattern or widget_id, not both")
    return invalidation(pattern, widget_id)


@hook
def refresh_dashboards() -> Event:
    """Drops every cached answer, so that each screen reads everything again."""
    return invalidation(None, None)


invalidate_cache_async = twin(invalidate_cache, "invalidate_cache_async")
refresh_dashboards_async = twin(refresh_dashboards, "refresh_dashboards_async")
