from __future__ import annotations

import pytest

from services.access.throttle import SMALLEST_BURST, Throttle
from services.errors import Throttled


def test_without_a_rate_nothing_is_held_back() -> None:
    throttle = Throttle(0)
    for _ in range(10):
        throttle.take("key", 1_000_000)


def test_a_burst_fits_and_then_the_rate_rules() -> None:
    now = [0.0]
    throttle = Throttle(100, lambda: now[0])
    throttle.take("key", SMALLEST_BURST)
    with pytest.raises(Throttled) as caught:
        throttle.take("key", 50)
    assert caught.value.retry_after == pytest.approx(0.5)
    now[0] += 0.5
    throttle.take("key", 50)


def test_keys_do_not_share_a_bucket() -> None:
    throttle = Throttle(1, lambda: 0.0)
    throttle.take("one", SMALLEST_BURST)
    throttle.take("other", SMALLEST_BURST)
