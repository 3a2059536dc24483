"""What a socket was opened with, so that it can be looked at again while the socket is open."""

from __future__ import annotations

from dataclasses import dataclass

from services.access.callers import Caller, Callers
from services.access.scope import Scope


@dataclass(frozen=True, slots=True)
class HeldCaller:
    """The credential of a caller who showed a session, a key, or a ticket that stands for one."""

    callers: Callers
    caller: Caller

    @property
    def key(self) -> str:
        return self.caller.reference()

    def check(self) -> Scope | None:
        found = self.callers.again(self.caller)
        return None if found is None else found.scope
