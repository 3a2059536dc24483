"""Browser sessions, kept in the store: ending one, or changing its user, is felt at the next request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy.engine import Row

from services.access.accounts import User, user_from
from services.access.scope import Scope
from services.access.tokens import new_token, token_hash
from services.clock import DAY, Clock, Instant
from services.storage import access as rows
from services.storage.engine import Store

LASTS = 7 * DAY


@dataclass(frozen=True, slots=True)
class Session:
    token_hash: str
    csrf_token: str
    expires_at: Instant
    user: User

    @property
    def username(self) -> str:
        return self.user.username

    @property
    def scope(self) -> Scope:
        return self.user.scope


class Sessions:
    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def open(self, user: User) -> tuple[str, Session]:
        """A new session of the user, and the token that the browser holds; expired ones are cleared away."""
        token, now = new_token(), self._clock()
        session = Session(token_hash(token), new_token(), now + LASTS, user)
        with self._store.writing() as connection:
            rows.end_expired(connection, now)
            rows.add_session(
                connection,
                {
                    "token_hash": session.token_hash,
                    "username": user.username,
                    "user_version": user.version,
                    "csrf_token": session.csrf_token,
                    "created_at": now,
                    "expires_at": session.expires_at,
                },
            )
        return token, session

    def get(self, token: str) -> Session | None:
        """The session as the store has it now; None when it ended, expired, or its user changed or was disabled."""
        return self.again(token_hash(token))

    def again(self, hashed: str) -> Session | None:
        """As `get`, for who kept the session and not its token."""
        with self._store.reading() as connection:
            row = rows.session(connection, hashed, self._clock())
        return None if row is None else _session_from(row)

    def close(self, token: str) -> None:
        with self._store.writing() as connection:
            rows.end_session(connection, token_hash(token))


def _session_from(row: Row[Any]) -> Session:
    return Session(row.token_hash, row.csrf_token, row.expires_at, user_from(row))
