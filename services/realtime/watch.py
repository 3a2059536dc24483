"""Looks again, every two seconds, at what each socket was opened with, and closes those that lost their right.

Logout, a disabled user, a revoked key and a changed role are one thing here: the scope is no longer what it was.
"""

from __future__ import annotations

from collections.abc import Hashable

from services.access.scope import Scope
from services.realtime.hub import POLICY, Hub

EVERY_SECONDS = 2.0


class Watch:
    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def step(self) -> float:
        """Ask the store once for each credential, however many sockets it holds."""
        found: dict[Hashable, Scope | None] = {}
        for client in self._hub.clients():
            key = client.credential.key
            if key not in found:
                found[key] = client.credential.check()
            scope = found[key]
            if scope is None:
                client.transport.close(POLICY, "signed out")
            elif scope != client.scope:
                client.transport.close(POLICY, "access changed")
        return EVERY_SECONDS
