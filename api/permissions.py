"""Every route and every Dash callback with the permission it takes: one table, checked by one gate (api/auth.py).

What is missing here is refused, and fails the tests.
"""

from __future__ import annotations

from services.access.scope import Permission

P = Permission
PUBLIC: Permission | None = None
"""For strangers too; such a route looks at the caller itself, if it cares."""

ROUTES: dict[str, Permission | None] = {
    # What Dash serves.
    "/": P.VIEW_DASHBOARD,
    "/<path:path>": P.VIEW_DASHBOARD,
    "/_dash-layout": P.VIEW_DASHBOARD,
    "/_dash-dependencies": P.VIEW_DASHBOARD,
    "/_dash-update-component": P.VIEW_DASHBOARD,  # and what the callback takes, below
    "/_reload-hash": P.VIEW_DASHBOARD,
    "/_dash-component-suites/<string:package_name>/<path:fingerprinted_path>": PUBLIC,
    "/_favicon.ico": PUBLIC,
    "_dash_assets.static": PUBLIC,
    # The door.
    "login": PUBLIC,
    "submit_login": PUBLIC,
    "logout": PUBLIC,
    "submit_logout": PUBLIC,
    # Events in.
    "post_events": P.WRITE_EVENTS,
    "list_dead_letters": P.ADMIN,
    "replay_dead_letter": P.ADMIN,
    "discard_dead_letter": P.ADMIN,
    # Figures out.
    "read_widgets": P.VIEW_DASHBOARD,
    "catalogue": P.VIEW_DASHBOARD,
    "realtime_snapshot": P.VIEW_DASHBOARD,
    "current_metric": P.VIEW_DASHBOARD,
    "hourly_trends": P.VIEW_DASHBOARD,
    "top_performers": P.VIEW_STAFF,
    "invalidate_cache": P.ADMIN,
    "reconcile_day": P.ADMIN,
    # Sites and dashboards.
    "list_sites": P.VIEW_DASHBOARD,
    "put_site": P.ADMIN,
    "default_layout": P.VIEW_DASHBOARD,
    "list_dashboards": P.VIEW_DASHBOARD,
    "create_dashboard": P.EDIT_DASHBOARDS,
    "get_dashboard": P.VIEW_DASHBOARD,
    "put_dashboard": P.EDIT_DASHBOARDS,
    "delete_dashboard": P.EDIT_DASHBOARDS,
    "list_versions": P.VIEW_DASHBOARD,
    "restore_version": P.EDIT_DASHBOARDS,
    # The live connection.
    "realtime_dashboard": P.VIEW_DASHBOARD,  # a ticket will do as well; the Origin is looked at before the upgrade
    "realtime_ticket": P.VIEW_DASHBOARD,
    "websocket_stats": P.ADMIN,
    "websocket_connections": P.ADMIN,
    "websocket_disconnect": P.ADMIN,
    "websocket_broadcast": P.ADMIN,
    # How it is.
    "health": PUBLIC,
    "health_live": PUBLIC,
    "read_status": P.SYSTEM_METRICS,
    "openapi": PUBLIC,
    "docs": PUBLIC,
}
"""By Flask endpoint."""

CALLBACKS: dict[str, Permission] = {
    "callbacks.page.open_page": P.VIEW_DASHBOARD,
    "callbacks.live.refresh": P.VIEW_DASHBOARD,
    "callbacks.layout.save_layout": P.EDIT_DASHBOARDS,
    "callbacks.dead_letters.show_letters": P.ADMIN,
    "callbacks.dead_letters.open_letter": P.ADMIN,
}
"""By module and function: what a callback's own Python name is. Clientside callbacks never reach the server."""
