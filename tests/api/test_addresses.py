"""Whose tries to sign in are counted, with proxies between."""

from __future__ import annotations

from typing import Any

import pytest

from api.addresses import client_address

HERE = ("127.0.0.1", "::1")


@pytest.mark.parametrize(
    ("remote", "forwarded", "trusted", "found"),
    [
        ("203.0.113.9", "", HERE, "203.0.113.9"),
        ("203.0.113.9", "198.51.100.7", HERE, "203.0.113.9"),  # says so itself
        ("127.0.0.1", "198.51.100.7", HERE, "198.51.100.7"),
        ("127.0.0.1", "1.2.3.4, 198.51.100.7", HERE, "198.51.100.7"),  # the first was there when it came
        ("10.0.0.5", "1.2.3.4, 198.51.100.7, 10.0.0.6", ("10.0.0.0/24",), "198.51.100.7"),
        ("10.0.0.5", "1.2.3.4, 198.51.100.7", ("*",), "198.51.100.7"),
        ("10.0.0.5", "", ("*",), "10.0.0.5"),
        ("127.0.0.1", "not an address", HERE, "not an address"),
        ("", "198.51.100.7", HERE, ""),
    ],
)
def test_the_last_address_that_no_trusted_proxy_vouches_for(
    remote: str, forwarded: str, trusted: tuple[str, ...], found: str
) -> None:
    assert client_address(remote, forwarded, trusted) == found


def test_behind_a_proxy_one_guest_who_tries_too_often_locks_nobody_else_out(client: Any) -> None:
    def statuses(address: str, times: int) -> set[int]:
        headers = {"X-Forwarded-For": address}
        return {client.post("/login", data={}, headers=headers).status_code for _ in range(times)}

    assert 429 not in statuses("198.51.100.7", 10)
    assert statuses("198.51.100.7", 1) == {429}
    assert 429 not in statuses("198.51.100.8", 1)
