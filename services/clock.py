"""The one place that reads the wall clock.

Instants travel as whole microseconds since 1970-01-01T00:00Z (`int`), because they are compared, stored and
subtracted far more often than they are shown; aware datetimes stand at the edges only.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Instant = int
Clock = Callable[[], Instant]

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def now() -> Instant:
    """The present instant."""
    return to_instant(datetime.now(UTC))


def to_instant(moment: datetime) -> Instant:
    """An aware datetime as microseconds since the epoch, exactly."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def to_datetime(instant: Instant) -> datetime:
    """The instant as an aware datetime in UTC."""
    return _EPOCH + timedelta(microseconds=instant)
