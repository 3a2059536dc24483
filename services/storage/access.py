"""SQL of users, keys, sessions and tickets; plain rows in, plain rows out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, delete, exists, insert, select, update
from sqlalchemy.engine import Row

from services.clock import Instant
from services.storage.tables import api_keys, sessions, tickets, users


def any_user(connection: Connection) -> bool:
    return bool(connection.execute(select(exists(select(users.c.username)))).scalar())


def user(connection: Connection, username: str) -> Row[Any] | None:
    if "\x00" in username:  # which PostgreSQL cannot so much as compare with
        return None
    return connection.execute(select(users).where(users.c.username == username)).one_or_none()


def add_user(connection: Connection, values: Mapping[str, Any]) -> None:
    """Raises sqlalchemy.exc.IntegrityError where the name is taken."""
    connection.execute(insert(users).values(**values))


def change_user(connection: Connection, username: str, values: Mapping[str, Any]) -> bool:
    """Sets `values` and moves the version, so that sessions opened before end; whether there is such a user."""
    changed = update(users).where(users.c.username == username).values(**values, version=users.c.version + 1)
    return connection.execute(changed).rowcount == 1


def keep_password_hash(connection: Connection, username: str, old: str, new: str) -> None:
    """The same password hashed anew; nothing else changes, and not if somebody changed it meanwhile."""
    unchanged = (users.c.username == username) & (users.c.password_hash == old)
    connection.execute(update(users).where(unchanged).values(password_hash=new))


def add_session(connection: Connection, values: Mapping[str, Any]) -> None:
    connection.execute(insert(sessions).values(**values))


def session(connection: Connection, token_hash: str, now: Instant) -> Row[Any] | None:
    """The session with its user's present row; None once it has expired or the user has changed since."""
    holds = (
        (sessions.c.token_hash == token_hash)
        & (sessions.c.expires_at > now)
        & (sessions.c.user_version == users.c.version)
        & (users.c.disabled == 0)
    )
    columns = (sessions.c.token_hash, sessions.c.csrf_token, sessions.c.expires_at, *users.c)
    joined = sessions.join(users, sessions.c.username == users.c.username)
    return connection.execute(select(*columns).select_from(joined).where(holds)).one_or_none()


def end_session(connection: Connection, token_hash: str) -> None:
    connection.execute(delete(sessions).where(sessions.c.token_hash == token_hash))


def end_expired(connection: Connection, now: Instant) -> None:
    """Rows that somebody else clears away at the same moment are left to them, so that nobody waits."""
    for table, key in ((sessions, sessions.c.token_hash), (tickets, tickets.c.ticket_hash)):
        over = select(key).where(table.c.expires_at <= now).with_for_update(skip_locked=True)
        connection.execute(delete(table).where(key.in_(over)))


def add_key(connection: Connection, values: Mapping[str, Any]) -> None:
    connection.execute(insert(api_keys).values(**values))


def key_by_hash(connection: Connection, key_hash: str) -> Row[Any] | None:
    """The key, unless it is revoked."""
    holds = (api_keys.c.key_hash == key_hash) & api_keys.c.revoked_at.is_(None)
    return connection.execute(select(api_keys).where(holds)).one_or_none()


def key_by_id(connection: Connection, key_id: str, version: int) -> Row[Any] | None:
    """The key, unless it is revoked or has changed since `version`."""
    holds = (api_keys.c.id == key_id) & (api_keys.c.version == version) & api_keys.c.revoked_at.is_(None)
    return connection.execute(select(api_keys).where(holds)).one_or_none()


def revoke_key(connection: Connection, key_id: str, now: Instant) -> bool:
    """Whether there was such a key, not yet revoked."""
    holds = (api_keys.c.id == key_id) & api_keys.c.revoked_at.is_(None)
    changed = update(api_keys).where(holds).values(revoked_at=now, version=api_keys.c.version + 1)
    return connection.execute(changed).rowcount == 1


def add_ticket(connection: Connection, ticket_hash: str, holder: str, expires_at: Instant) -> None:
    connection.execute(insert(tickets).values(ticket_hash=ticket_hash, holder=holder, expires_at=expires_at))


def take_ticket(connection: Connection, ticket_hash: str, now: Instant) -> str | None:
    """Whose it is; the ticket is gone afterwards, so that of two takers one gets None."""
    taken = (
        delete(tickets).where(tickets.c.ticket_hash == ticket_hash).returning(tickets.c.holder, tickets.c.expires_at)
    )
    row = connection.execute(taken).one_or_none()
    return row.holder if row is not None and row.expires_at > now else None
