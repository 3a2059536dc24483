"""Users: who may sign in, and what they may see."""

from __future__ import annotations

import json
import threading
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy.engine import Row
from sqlalchemy.exc import IntegrityError

from services.access.scope import ROLES, Scope
from services.errors import Conflict, InvalidRequest, NotFound, Unauthenticated
from services.storage import access as rows
from services.storage.engine import Store

MOST_PASSWORD_CHARACTERS = 1_024
HASHES_AT_A_TIME = 2

_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
# What an unknown user's password is compared with, so that the answer takes as long as for a known one.
_NOBODY = _hasher.hash("nobody has this password")


@dataclass(frozen=True, slots=True)
class User:
    """`version` moves with every change; sessions and sockets opened at an earlier one are over."""

    username: str
    role: str
    sites: frozenset[str] | None
    staff_id: str | None
    disabled: bool
    version: int

    @property
    def scope(self) -> Scope:
        return Scope(f"user:{self.username}", ROLES.get(self.role, frozenset()), self.sites, self.staff_id)


class Accounts:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._hashing = threading.BoundedSemaphore(HASHES_AT_A_TIME)

    def verify(self, username: str, password: str) -> User:
        """The user whose password this is.

        Errors: Unauthenticated, in the same words and after the same work whatever was wrong.
        """
        with self._store.reading() as connection:
            row = rows.user(connection, username)
        right = self._matches(row.password_hash if row else _NOBODY, password)
        if row is None or row.disabled or not right:
            raise Unauthenticated("the user name or the password is wrong")
        self._renew_hash(row, password)
        return user_from(row)

    def get(self, username: str) -> User:
        with self._store.reading() as connection:
            row = rows.user(connection, username)
        if row is None:
            raise NotFound("there is no such user")
        return user_from(row)

    def any(self) -> bool:
        with self._store.reading() as connection:
            return rows.any_user(connection)

    def create(
        self,
        username: str,
        password: str,
        role: str,
        sites: Collection[str] | None = None,
        staff_id: str | None = None,
    ) -> User:
        """Errors: InvalidRequest for an unknown role or a password out of bounds, Conflict for a taken name."""
        _refuse_role(role)
        values = {"username": username, "password_hash": self._hash(password), "role": role, "disabled": 0}
        values |= {"sites": None if sites is None else json.dumps(sorted(sites)), "staff_id": staff_id, "version": 1}
        try:
            with self._store.writing() as connection:
                rows.add_user(connection, values)
        except IntegrityError as error:
            raise Conflict("there is a user of this name") from error
        return self.get(username)

    def change(self, username: str, **values: Any) -> User:
        """Changes role, sites, staff_id, disabled or password; every session of the user ends with it."""
        if "role" in values:
            _refuse_role(values["role"])
        if "password" in values:
            values["password_hash"] = self._hash(values.pop("password"))
        if values.get("sites") is not None:
            values["sites"] = json.dumps(sorted(values["sites"]))
        if "disabled" in values:
            values["disabled"] = int(values["disabled"])
        with self._store.writing() as connection:
            found = rows.change_user(connection, username, values)
        if not found:
            raise NotFound("there is no such user")
        return self.get(username)

    def _hash(self, password: str) -> str:
        if not 1 <= len(password) <= MOST_PASSWORD_CHARACTERS:
            raise InvalidRequest(f"must have 1 to {MOST_PASSWORD_CHARACTERS} characters", pointer="/password")
        with self._hashing:
            return _hasher.hash(password)

    def _matches(self, password_hash: str, password: str) -> bool:
        with self._hashing:
            try:
                return _hasher.verify(password_hash, password[:MOST_PASSWORD_CHARACTERS])
            except (VerificationError, InvalidHashError):
                return False

    def _renew_hash(self, row: Row[Any], password: str) -> None:
        """Passwords hashed with weaker parameters than today's are hashed anew when they are seen."""
        if not _hasher.check_needs_rehash(row.password_hash):
            return
        new = self._hash(password)
        with self._store.writing() as connection:
            rows.keep_password_hash(connection, row.username, row.password_hash, new)


def user_from(row: Row[Any]) -> User:
    sites = None if row.sites is None else frozenset(json.loads(row.sites))
    return User(row.username, row.role, sites, row.staff_id, bool(row.disabled), row.version)


def _refuse_role(role: str) -> None:
    if role not in ROLES:
        raise InvalidRequest(f"must be one of {', '.join(ROLES)}", pointer="/role")
