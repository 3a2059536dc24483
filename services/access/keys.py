"""API keys: for programs; each holds permissions by name, and may be limited to some sites."""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy.engine import Row

from services.access.scope import Permission, Scope
from services.access.tokens import new_token, token_hash
from services.clock import Clock
from services.errors import InvalidRequest, NotFound
from services.storage import access as rows
from services.storage.engine import Store

PREFIX = "pb_"


@dataclass(frozen=True, slots=True)
class Key:
    """`version` moves with every change, as a user's does."""

    id: str
    name: str
    permissions: frozenset[Permission]
    sites: frozenset[str] | None
    version: int

    @property
    def scope(self) -> Scope:
        return Scope(f"key:{self.name}", self.permissions, self.sites)


class Keys:
    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def create(
        self,
        name: str,
        permissions: Collection[str],
        sites: Collection[str] | None = None,
        token: str | None = None,
    ) -> tuple[str, Key]:
        """The token (a random one unless given; it cannot be had again) and its key.

        Errors: InvalidRequest for a permission that there is not.
        """
        granted = _permissions(permissions)
        token = token or new_token(PREFIX)
        key = Key(secrets.token_hex(8), name, granted, None if sites is None else frozenset(sites), 1)
        values = {
            "id": key.id,
            "name": name,
            "key_hash": token_hash(token),
            "permissions": json.dumps(sorted(granted)),
            "sites": None if key.sites is None else json.dumps(sorted(key.sites)),
            "created_at": self._clock(),
            "version": key.version,
        }
        with self._store.writing() as connection:
            rows.add_key(connection, values)
        return token, key

    def get(self, token: str) -> Key | None:
        """The key as the store has it now; None for one that is unknown or revoked."""
        with self._store.reading() as connection:
            row = rows.key_by_hash(connection, token_hash(token))
        return None if row is None else _key_from(row)

    def again(self, key_id: str, version: int) -> Key | None:
        """As `get`, for who kept the key and not its token; None also when the key has changed since."""
        with self._store.reading() as connection:
            row = rows.key_by_id(connection, key_id, version)
        return None if row is None else _key_from(row)

    def revoke(self, key_id: str) -> None:
        with self._store.writing() as connection:
            found = rows.revoke_key(connection, key_id, self._clock())
        if not found:
            raise NotFound("there is no such key")


def _key_from(row: Row[Any]) -> Key:
    sites = None if row.sites is None else frozenset(json.loads(row.sites))
    return Key(row.id, row.name, _permissions(json.loads(row.permissions)), sites, row.version)


def _permissions(names: Collection[str]) -> frozenset[Permission]:
    try:
        return frozenset(Permission(name) for name in names)
    except ValueError as error:
        raise InvalidRequest("names a permission that there is not", pointer="/permissions") from error
