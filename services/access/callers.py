"""Whoever is asking, by session or by key, in one shape that can be asked for again later."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass

from cachetools import TTLCache

from services.access.keys import Key, Keys
from services.access.scope import Scope
from services.access.sessions import Session, Sessions
from services.access.tokens import token_hash

LAST_KNOWN_SECONDS = 60.0
MOST_CALLERS = 10_000


@dataclass(frozen=True, slots=True)
class Caller:
    """Exactly one of session and key is set."""

    scope: Scope
    session: Session | None = None
    key: Key | None = None

    @classmethod
    def of(cls, holder: Session | Key) -> Caller:
        if isinstance(holder, Session):
            return cls(holder.scope, session=holder)
        return cls(holder.scope, key=holder)

    def reference(self) -> str:
        """A text, without any secret that opens anything, by which `Callers.find` finds the same caller again."""
        if self.session is not None:
            return json.dumps({"session": self.session.token_hash})
        assert self.key is not None  # noqa: S101  # for the type checker: one of the two is set
        return json.dumps({"key": self.key.id, "version": self.key.version})


class Callers:
    def __init__(self, sessions: Sessions, keys: Keys) -> None:
        self._sessions = sessions
        self._keys = keys

    def find(self, reference: str) -> Caller | None:
        """The caller as the store has them now; None after logout, a changed role, a disabled user, a revoked key."""
        kept = json.loads(reference)
        if "session" in kept:
            holder: Session | Key | None = self._sessions.again(kept["session"])
        else:
            holder = self._keys.again(kept["key"], kept["version"])
        return None if holder is None else Caller.of(holder)

    def again(self, caller: Caller) -> Caller | None:
        """The same caller, read anew: what a long-lived connection asks every few seconds."""
        return self.find(caller.reference())


class LastKnown:
    """Who was let in lately: while the store cannot be asked, they may still see known figures, as stale ones."""

    def __init__(self, seconds: float = LAST_KNOWN_SECONDS) -> None:
        self._callers: TTLCache[str, Caller] = TTLCache(MOST_CALLERS, seconds)
        self._lock = threading.Lock()

    def note(self, credential: str, caller: Caller) -> None:
        with self._lock:
            self._callers[token_hash(credential)] = caller

    def get(self, credential: str) -> Caller | None:
        with self._lock:
            return self._callers.get(token_hash(credential))
