"""Every error that is raised on purpose. None of them ever reaches the caller of a hook."""

from __future__ import annotations


class OutboxError(Exception):
    """The file cannot be used as an outbox; the text says which and why."""


class OutboxTaken(OutboxError):
    """It is another living process's, or holds events for another server: look at the next one."""


class OutboxDamaged(OutboxError):
    """What is in the file can no longer be read: it is set aside, and a new one begun."""


class OutboxUnusable(OutboxError):
    """The disk or its rights stand against it: full, read-only, no such place, not an outbox at all."""
