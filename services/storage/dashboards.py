"""SQL of dashboards and their versions; plain rows in, plain rows out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.engine import Row
from sqlalchemy.exc import IntegrityError

from services.storage.tables import dashboard_versions, dashboards


def of_owner(connection: Connection, owner: str) -> Sequence[Row[Any]]:
    """By name, then id."""
    wanted = select(dashboards).where(dashboards.c.owner == owner).order_by(dashboards.c.name, dashboards.c.id)
    return connection.execute(wanted).all()


def one(connection: Connection, dashboard_id: str, *, to_change: bool = False) -> Row[Any] | None:
    """`to_change`: nobody else changes it before the transaction ends."""
    if "\x00" in dashboard_id:  # which PostgreSQL cannot so much as compare with
        return None
    wanted = select(dashboards).where(dashboards.c.id == dashboard_id)
    return connection.execute(wanted.with_for_update() if to_change else wanted).one_or_none()


def add(connection: Connection, values: Mapping[str, Any]) -> bool:
    """Whether it is there now for the first time; one that somebody else adds at the same moment is waited for."""
    try:
        with connection.begin_nested():
            connection.execute(insert(dashboards).values(**values))
    except IntegrityError:
        return False
    return True


def change(connection: Connection, dashboard_id: str, expected_version: int, name: str, widgets: str) -> bool:
    """The next version, if the present one is `expected_version`; whether it was."""
    held = (dashboards.c.id == dashboard_id) & (dashboards.c.version == expected_version)
    changed = update(dashboards).where(held).values(name=name, widgets=widgets, version=expected_version + 1)
    return connection.execute(changed).rowcount == 1


def remove(connection: Connection, dashboard_id: str, expected_version: int | None) -> bool:
    """Whether it was there (at that version, if one is given)."""
    held = dashboards.c.id == dashboard_id
    if expected_version is not None:
        held &= dashboards.c.version == expected_version
    if connection.execute(delete(dashboards).where(held)).rowcount == 0:
        return False
    connection.execute(delete(dashboard_versions).where(dashboard_versions.c.dashboard_id == dashboard_id))
    return True


def add_version(connection: Connection, values: Mapping[str, Any], *, keep: int) -> None:
    """Keeps the last `keep` of them."""
    connection.execute(insert(dashboard_versions).values(**values))
    too_old = (dashboard_versions.c.dashboard_id == values["dashboard_id"]) & (
        dashboard_versions.c.version <= values["version"] - keep
    )
    connection.execute(delete(dashboard_versions).where(too_old))


def versions(connection: Connection, dashboard_id: str) -> Sequence[Row[Any]]:
    """Newest first."""
    wanted = select(dashboard_versions).where(dashboard_versions.c.dashboard_id == dashboard_id)
    return connection.execute(wanted.order_by(dashboard_versions.c.version.desc())).all()


def version(connection: Connection, dashboard_id: str, number: int) -> Row[Any] | None:
    held = (dashboard_versions.c.dashboard_id == dashboard_id) & (dashboard_versions.c.version == number)
    return connection.execute(select(dashboard_versions).where(held)).one_or_none()
