"""Saved dashboards: each a list of widgets under a version that moves with every save."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.engine import Row

from services.access.scope import Permission, Scope
from services.access.tokens import token_hash
from services.clock import Clock, Instant
from services.dashboards.defaults import DEFAULTS
from services.dashboards.schemas import DashboardBody
from services.errors import InvalidRequest, NotFound, PreconditionFailed
from services.storage import dashboards as rows
from services.storage.engine import Store
from services.validation import validated

VERSIONS_KEPT = 100

Widgets = list[dict[str, Any]]
Check = Callable[[dict[str, Any]], object]


@dataclass(frozen=True, slots=True)
class Dashboard:
    id: str
    name: str
    version: int
    owner: str
    widgets: Widgets

    def data(self) -> dict[str, Any]:
        """The shape of the contract."""
        return {
            "id": self.id,
            "name": self.name,
            "version": self.version,
            "owner": self.owner,
            "widgets": self.widgets,
            "sharing": {"visibility": "private"},
        }


@dataclass(frozen=True, slots=True)
class Version:
    version: int
    name: str
    saved_by: str
    saved_at: Instant
    widgets: Widgets


class Dashboards:
    """`check` refuses a widget whose config its type does not take (InvalidRequest, pointer within the widget)."""

    def __init__(self, store: Store, clock: Clock, check: Check = lambda widget: None) -> None:
        self._store = store
        self._clock = clock
        self.check = check

    def list(self, scope: Scope) -> Sequence[Dashboard]:
        """The caller's own, by name."""
        with self._store.reading() as connection:
            return [_dashboard(row) for row in rows.of_owner(connection, scope.actor)]

    def get(self, id: str, scope: Scope) -> Dashboard:
        """Errors: NotFound, also for another's, so that nobody learns what others have."""
        with self._store.reading() as connection:
            return _reachable(connection, id, scope)

    def create(self, scope: Scope, name: str, widgets: Iterable[Mapping[str, Any]]) -> Dashboard:
        """Errors: InvalidRequest with pointers into the body."""
        body = self._checked(name, widgets)
        with self._store.writing() as connection:
            return self._add(connection, secrets.token_hex(8), scope, body)

    def save(
        self, id: str, scope: Scope, name: str, widgets: Iterable[Mapping[str, Any]], expected_version: int | None
    ) -> Dashboard:
        """The next version; None as `expected_version` takes whatever is there.

        Errors: NotFound, InvalidRequest, PreconditionFailed when somebody else's save came first.
        """
        body = self._checked(name, widgets)
        with self._store.writing() as connection:
            present = _reachable(connection, id, scope, to_change=True)
            return self._change(connection, present, scope, body, expected_version)

    def delete(self, id: str, scope: Scope, expected_version: int | None = None) -> None:
        with self._store.writing() as connection:
            _reachable(connection, id, scope, to_change=True)
            if not rows.remove(connection, id, expected_version):
                raise PreconditionFailed("the dashboard has changed since it was read")

    def versions(self, id: str, scope: Scope) -> Sequence[Version]:
        """Newest first, the present one included; only the last 100 are kept."""
        with self._store.reading() as connection:
            _reachable(connection, id, scope)
            return [
                Version(row.version, row.name, row.saved_by, row.saved_at, json.loads(row.widgets))
                for row in rows.versions(connection, id)
            ]

    def restore(self, id: str, version: int, scope: Scope, expected_version: int | None = None) -> Dashboard:
        """An earlier version saved again as the newest."""
        with self._store.writing() as connection:
            present = _reachable(connection, id, scope, to_change=True)
            row = rows.version(connection, id, version)
            if row is None:
                raise NotFound("there is no such version")
            body = self._checked(row.name, json.loads(row.widgets))
            return self._change(connection, present, scope, body, expected_version)

    def ensure_defaults(self, scope: Scope) -> Sequence[Dashboard]:
        """The caller's dashboards, defaults first; both defaults are made at the first visit."""
        own = self.list(scope)
        if not own:
            with self._store.writing() as connection:
                for slug, name, widgets in DEFAULTS:
                    self._add(connection, default_id(slug, scope), scope, self._checked(name, widgets(scope)))
            own = self.list(scope)
        places = {default_id(slug, scope): place for place, (slug, _, _) in enumerate(DEFAULTS)}
        return sorted(own, key=lambda dashboard: places.get(dashboard.id, len(places)))

    def _checked(self, name: str, widgets: Iterable[Mapping[str, Any]]) -> DashboardBody:
        body = validated(DashboardBody, {"name": name, "widgets": [dict(widget) for widget in widgets]})
        for index, widget in enumerate(body.widgets):
            try:
                self.check(widget.model_dump(mode="json"))
            except InvalidRequest as error:
                raise _within(f"/widgets/{index}", error) from error
        return body

    def _add(self, connection: Connection, id: str, scope: Scope, body: DashboardBody) -> Dashboard:
        """Leaves alone what is there under this id already."""
        made = Dashboard(id, body.name, 1, scope.actor, _plain(body))
        values = {"id": id, "name": made.name, "owner": made.owner, "version": 1, "widgets": json.dumps(made.widgets)}
        if rows.add(connection, values):
            self._keep(connection, made, scope)
        return made

    def _change(
        self, connection: Connection, present: Dashboard, scope: Scope, body: DashboardBody, expected: int | None
    ) -> Dashboard:
        base = present.version if expected is None else expected
        changed = Dashboard(present.id, body.name, base + 1, present.owner, _plain(body))
        if not rows.change(connection, present.id, base, changed.name, json.dumps(changed.widgets)):
            raise PreconditionFailed("the dashboard has changed since it was read")
        self._keep(connection, changed, scope)
        return changed

    def _keep(self, connection: Connection, saved: Dashboard, scope: Scope) -> None:
        values = {
            "dashboard_id": saved.id,
            "version": saved.version,
            "name": saved.name,
            "widgets": json.dumps(saved.widgets),
            "saved_by": scope.actor,
            "saved_at": self._clock(),
        }
        rows.add_version(connection, values, keep=VERSIONS_KEPT)


def default_id(slug: str, scope: Scope) -> str:
    """The same for the same caller at all times."""
    return f"{slug}-{token_hash(scope.actor)[:12]}"


def without_what_is_hidden(dashboard: Dashboard, scope: Scope) -> Dashboard:
    """The dashboard less the widgets by staff, for who may not see staff: they could only show an error."""
    if scope.may(Permission.VIEW_STAFF):
        return dashboard
    shown = [widget for widget in dashboard.widgets if not _asks_for_staff(widget["config"])]
    return replace(dashboard, widgets=shown)


def _asks_for_staff(config: Mapping[str, Any]) -> bool:
    query = config.get("query")
    if not isinstance(query, Mapping):
        return False
    return "staff" in (query.get("group_by") or ()) or "staff" in (query.get("filters") or ())


def _reachable(connection: Connection, id: str, scope: Scope, *, to_change: bool = False) -> Dashboard:
    row = rows.one(connection, id, to_change=to_change)
    if row is None or not (row.owner == scope.actor or (scope.may(Permission.ADMIN) and scope.whole)):
        raise NotFound("there is no such dashboard")
    return _dashboard(row)


def _dashboard(row: Row[Any]) -> Dashboard:
    return Dashboard(row.id, row.name, row.version, row.owner, json.loads(row.widgets))


def _plain(body: DashboardBody) -> Widgets:
    return [widget.model_dump(mode="json") for widget in body.widgets]


def _within(where: str, error: InvalidRequest) -> InvalidRequest:
    faults = [{**fault, "pointer": where + fault["pointer"]} for fault in error.errors]
    return InvalidRequest(error.detail, pointer=where + (error.pointer or ""), errors=faults)
