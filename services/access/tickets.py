"""Tickets: open one WebSocket within a minute, where neither a cookie nor a header can be sent."""

from __future__ import annotations

from services.access.callers import Caller, Callers
from services.access.tokens import new_token, token_hash
from services.clock import SECOND, Clock
from services.storage import access as rows
from services.storage.engine import Store

LASTS_SECONDS = 60


class Tickets:
    def __init__(self, store: Store, clock: Clock, callers: Callers) -> None:
        self._store = store
        self._clock = clock
        self._callers = callers

    def issue(self, caller: Caller) -> tuple[str, int]:
        """A ticket that stands for the caller, and for how many seconds it does."""
        ticket = new_token()
        expires_at = self._clock() + LASTS_SECONDS * SECOND
        with self._store.writing() as connection:
            rows.end_expired(connection, self._clock())
            rows.add_ticket(connection, token_hash(ticket), caller.reference(), expires_at)
        return ticket, LASTS_SECONDS

    def redeem(self, ticket: str) -> Caller | None:
        """Whom it stands for, once; None for one that is unknown, used, too old, or whose holder is out."""
        with self._store.writing() as connection:
            reference = rows.take_ticket(connection, token_hash(ticket), self._clock())
        return None if reference is None else self._callers.find(reference)
