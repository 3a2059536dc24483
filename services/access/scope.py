"""Who asks: a mandatory argument of every query, snapshot, subscription and cache key."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from services.errors import Forbidden


class Permission(StrEnum):
    VIEW_DASHBOARD = "view_dashboard"
    VIEW_STAFF = "view_staff"
    VIEW_PRODUCTS = "view_products"
    VIEW_FINANCIAL = "view_financial"
    EXPORT = "export"
    ACCESS_REALTIME = "access_realtime"
    EDIT_DASHBOARDS = "edit_dashboards"
    SHARE_DASHBOARDS = "share_dashboards"
    CREATE_ALERTS = "create_alerts"
    MANAGE_ALERTS = "manage_alerts"
    WRITE_EVENTS = "write_events"
    SYSTEM_METRICS = "system_metrics"
    ADMIN = "admin"


_P = Permission
_VIEWER = frozenset({_P.VIEW_DASHBOARD})
_ANALYST = _VIEWER | {_P.VIEW_STAFF, _P.VIEW_PRODUCTS, _P.EXPORT, _P.ACCESS_REALTIME, _P.EDIT_DASHBOARDS}
_MANAGER = _ANALYST | {_P.VIEW_FINANCIAL, _P.CREATE_ALERTS, _P.MANAGE_ALERTS, _P.SHARE_DASHBOARDS}
ROLES: dict[str, frozenset[Permission]] = {
    "viewer": _VIEWER,
    "analyst": _ANALYST,
    "manager": _MANAGER,
    "admin": frozenset(Permission),
}


@dataclass(frozen=True, slots=True)
class Scope:
    """What the caller may see and do.

    `sites` None means all sites; `staff_id` None means everybody's figures. `actor` names the user
    (`user:admin`) or key (`key:till-3`) for records, and decides nothing.
    """

    actor: str
    permissions: frozenset[Permission]
    sites: frozenset[str] | None = None
    staff_id: str | None = None

    def require(self, permission: Permission) -> None:
        """Raises Forbidden, naming the permission, where the scope lacks it."""
        if permission not in self.permissions:
            raise Forbidden(f"this needs the permission {permission.value}")

    def may(self, permission: Permission) -> bool:
        return permission in self.permissions

    @property
    def whole(self) -> bool:
        """Whether nothing is hidden from it: what administrators of everything need to have."""
        return self.sites is None and self.staff_id is None

    def sees(self, site: str) -> bool:
        return self.sites is None or site in self.sites

    def figures_key(self) -> tuple[object, ...]:
        """What of the scope can change a figure: two scopes with equal keys see the same numbers."""
        sites = None if self.sites is None else tuple(sorted(self.sites))
        return (sites, self.staff_id, Permission.VIEW_STAFF in self.permissions)
