"""Topics: what an invalidation names, a metric at a site (`revenue@main`), and who may hear of it.

A subscription may also name patterns: `*@main`, `revenue@*` and `*@*`.
"""

from __future__ import annotations

import re

from services.access.scope import Permission, Scope
from services.metrics import catalogue

ANY = "*"
EVERYTHING = "*@*"
PATTERN = re.compile(r"(\*|[a-z][a-z0-9_]{0,63})@(\*|[^@*\s\x00-\x1f]{1,128})")

_WITH_STAFF = frozenset(metric.name for metric in catalogue.METRICS if "staff" in metric.dimensions)


def topic(metric: str, site: str) -> str:
    return f"{metric}@{site}"


def parts(name: str) -> tuple[str, str]:
    """The metric and the site of a topic or pattern."""
    metric, _, site = name.partition("@")
    return metric, site


def of_site(site: str) -> frozenset[str]:
    """Every topic of one site."""
    return frozenset(topic(metric.name, site) for metric in catalogue.METRICS)


def patterns_of(name: str) -> tuple[str, str, str, str]:
    """The four things that a subscriber may have named to hear of this topic."""
    metric, site = parts(name)
    return name, topic(metric, ANY), topic(ANY, site), EVERYTHING


def permitted(name: str, scope: Scope) -> bool:
    """Whether the scope may hear of this topic; of a pattern, whether it may hear of any topic it stands for.

    Somebody limited to their own figures hears only of metrics that can be told by staff.
    """
    metric, site = parts(name)
    if not scope.may(Permission.VIEW_DASHBOARD):
        return False
    if site != ANY and not scope.sees(site):
        return False
    return scope.staff_id is None or metric == ANY or metric in _WITH_STAFF
