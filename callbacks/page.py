"""From an address to what stands on the page: which dashboard, its empty cards, and what they listen to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dash import Dash, Input, Output, set_props
from dash.development.base_component import Component
from flask import request

from api.auth import caller_if_any, current_scope
from callbacks import subscriptions, view
from dashboard import dead_letters, ids, pages, shell
from services.access.scope import Permission, Scope
from services.dashboards.saved import Dashboard
from services.events.dead_letters import may_read
from services.metrics.query import Query
from services.metrics.sites import Site

if TYPE_CHECKING:
    from services.container import Services

PREFIX = "/dashboards/"
SIGNS_OF_LIFE = ("orders", "payments", "staff_actions", "customer_actions", "system_events", "low_stock_items")
"""Metrics of which one has facts as soon as anything was recorded; the likeliest first."""


@dataclass(frozen=True, slots=True)
class Page:
    """`shown` None: no dashboard is on the page."""

    children: Sequence[Component]
    nav: Sequence[Component]
    shown: Dashboard | None = None

    def props(self) -> dict[str, dict[str, Any]]:
        """What to set, by component id."""
        shown = self.shown
        return {
            ids.NAV: {"children": self.nav},
            ids.PAGE: {"children": self.children},
            ids.VERSION: {"data": None if shown is None else shown.version},
            ids.DASHBOARD: {"data": None if shown is None else {"id": shown.id}},
        }


def layout(services: Services) -> Callable[[], Component]:
    """The layout function: the frame for whoever asks for it; Dash itself asks once, at its first request of all."""

    def frame() -> Component:
        caller = caller_if_any()
        name = "" if caller is None else caller.scope.actor.partition(":")[2]
        token = "" if caller is None or caller.session is None else caller.session.csrf_token
        reads_letters = caller is not None and may_read(caller.scope)
        return shell.shell(shell.Person(name, token, reads_letters), demo=services.settings.demo)

    return frame


def register(app: Dash, services: Services) -> None:
    @app.callback(
        Output(ids.NAV, "children"),
        Output(ids.PAGE, "children"),
        Output(ids.VERSION, "data"),
        Output(ids.DASHBOARD, "data"),
        Input(ids.LOCATION, "pathname"),
        Input(ids.LOCATION, "search"),
    )
    def open_page(pathname: str | None, search: str | None) -> tuple[Any, ...]:
        page = page_at(services, current_scope(), pathname, search, request.host_url)
        return tuple(value for props in page.props().values() for value in props.values())


def page_at(services: Services, scope: Scope, pathname: str | None, search: str | None, address: str) -> Page:
    """The page of an address: `/` is the first dashboard; an empty store shows the first steps in place of any."""
    own = services.dashboards.ensure_defaults(scope)
    if pathname == dead_letters.PATH and may_read(scope):
        links = [shell.Link(address_of(dashboard), dashboard.name) for dashboard in own]
        return Page(dead_letters.page(subscriptions.of_no_figures(services)), shell.nav(links, ""))
    sites = [site for site in services.sites.all() if scope.sees(site.id)]
    if is_empty(services, scope):
        site = next((site.id for site in sites), "main")
        return Page(pages.empty_store(address, site, subscriptions.of_empty_store(services)), shell.nav([], ""))
    shown = chosen(own, pathname)
    seen = view.of_or_plain(search)
    same_view = seen.with_site(seen.site)
    links = [shell.Link(address_of(dashboard) + same_view, dashboard.name) for dashboard in own]
    if shown is None:
        return Page(pages.not_found(), shell.nav(links, ""))
    live = subscriptions.of_dashboard(services, scope, seen.applied(shown.widgets))
    editable = scope.may(Permission.EDIT_DASHBOARDS)
    children = pages.dashboard(shown.name, shown.widgets, live, editable=editable)
    return Page(
        [*_viewing(seen, sites, search, address_of(shown)), *children],
        shell.nav(links, address_of(shown) + same_view),
        shown,
    )


def _viewing(seen: view.View, sites: Sequence[Site], search: str | None, path: str) -> list[Component]:
    """The row above the cards, where there is something to choose or to say: sites, and what the address asks."""
    if len(sites) < 2 and not search:
        return []
    names = [(None, "All sites"), *((site.id, site.name) for site in sites)] if len(sites) > 1 else []
    choices = [pages.Choice(path + seen.with_site(site), name, current=site == seen.site) for site, name in names]
    return [pages.viewing(choices, seen.said(), view.fault(search), path)]


def address_of(dashboard: Dashboard) -> str:
    return PREFIX + dashboard.id


def chosen(own: Sequence[Dashboard], pathname: str | None) -> Dashboard | None:
    """The dashboard that an address names, among the caller's own."""
    if not pathname or pathname == "/":
        return own[0] if own else None
    return next((dashboard for dashboard in own if address_of(dashboard) == pathname), None)


def is_empty(services: Services, scope: Scope) -> bool:
    """Whether nothing at all was recorded yet at the sites that the scope reaches."""
    for name in SIGNS_OF_LIFE:
        (reading,) = services.snapshots.read([Query(metric=name)], scope)
        if reading.answer is None or reading.answer.has_facts:
            return False
    return True


def leave_empty_store(services: Services, scope: Scope, pathname: str | None, search: str | None) -> None:
    """Puts the dashboard in place of the first steps, once there is something to show."""
    page = page_at(services, scope, pathname, search, request.host_url)
    if page.shown is not None:
        for component_id, props in page.props().items():
            set_props(component_id, props)


def dashboard_id(shown: Any) -> str:
    """The id that the browser says it shows; empty when it shows none."""
    found = shown.get("id") if isinstance(shown, Mapping) else None
    return found if isinstance(found, str) else ""
