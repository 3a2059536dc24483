"""Every error that Pulseboard raises on purpose.

Each bears what its caller has to decide: `code` (stable, machine readable), `detail` (safe to show), `pointer`
(the field at fault, where there is one) and `retry_after` in seconds (None: trying again will not help).
The mapping to HTTP answers is in api/errors.py, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence


class PulseboardError(Exception):
    """The root of all errors raised on purpose."""

    code = "error"
    retry_after: float | None = None

    def __init__(self, detail: str, *, pointer: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.pointer = pointer


# The caller's fault: the same request will fail again.


class InvalidRequest(PulseboardError):
    """A field is missing, of the wrong kind or out of bounds; `pointer` names it, `errors` has every such field."""

    code = "invalid"

    def __init__(self, detail: str, *, pointer: str | None = None, errors: Sequence[Mapping[str, str]] = ()) -> None:
        super().__init__(detail, pointer=pointer)
        self.errors = tuple(errors)


class InvalidEvent(PulseboardError):
    """An item that is no event; `errors` has {code, pointer, detail} for each fault."""

    code = "invalid"

    def __init__(self, errors: list[dict[str, str]]) -> None:
        super().__init__("not an event")
        self.errors = errors


class NotJson(PulseboardError):
    code = "not_json"


class TooLarge(PulseboardError):
    code = "too_large"


class UnsupportedMedia(PulseboardError):
    code = "unsupported_media"


class Unauthenticated(PulseboardError):
    code = "unauthenticated"


class Forbidden(PulseboardError):
    """The scope does not reach that far."""

    code = "forbidden"


class NotFound(PulseboardError):
    code = "not_found"


class Conflict(PulseboardError):
    """The store holds something that the request contradicts."""

    code = "conflict"


class PreconditionRequired(PulseboardError):
    code = "precondition_required"


class PreconditionFailed(PulseboardError):
    """Somebody else's change came first; read again, then decide."""

    code = "precondition_failed"


class MixedCurrency(PulseboardError):
    """Money of sites with different currencies cannot be added."""

    code = "mixed_currency"


class TooMuch(PulseboardError):
    """Amounts that add up to more than the store can hold."""

    code = "out_of_range"


class NoData(PulseboardError):
    """The question is sound and nothing in the store answers it: an honest empty panel, not an error."""

    code = "no_data"


# Nobody's fault: the same request may succeed later.


class Throttled(PulseboardError):
    code = "throttled"

    def __init__(self, detail: str, retry_after: float) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class QueueFull(PulseboardError):
    """Nothing was accepted; post it again."""

    code = "queue_full"
    retry_after = 1.0


class StoreUnavailable(PulseboardError):
    """The store cannot be read or written now (locked, full disk, gone); nothing was accepted."""

    code = "store_unavailable"
    retry_after = 5.0


class WriteConflict(StoreUnavailable):
    """Two writers wanted the same rows in another order; the same transaction will do when it is tried again."""

    code = "write_conflict"
    retry_after = 1.0


class TooManyConnections(PulseboardError):
    code = "too_many_connections"
    retry_after = 5.0


class BackupFailed(PulseboardError):
    """A backup or restore that could not be done; nothing was changed. The operator has to put something right."""

    code = "backup"


class SettingError(PulseboardError):
    """A setting that cannot be read; `key` is its name in the environment."""

    code = "setting"

    def __init__(self, key: str, detail: str) -> None:
        super().__init__(f"{key}: {detail}")
        self.key = key
