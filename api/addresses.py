"""Who asks: the other end of the connection, or whom the trusted proxies there speak for. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection


def client_address(remote: str, forwarded: str, trusted: Collection[str]) -> str:
    """The last address that no trusted proxy vouches for; `forwarded` is X-Forwarded-For, to which each proxy appends.

    What a client wrote into that header itself stands further left, and is never reached. `*` trusts the other end,
    whoever it is, and nobody that it speaks for.
    """
    hops = [hop.strip() for hop in forwarded.split(",") if hop.strip()]
    if "*" in trusted:
        return hops[-1] if hops else remote
    networks = [ipaddress.ip_network(proxy) for proxy in trusted]
    address = remote
    while hops and _within(address, networks):
        address = hops.pop()
    return address


def _within(address: str, networks: Collection[ipaddress.IPv4Network | ipaddress.IPv6Network]) -> bool:
    try:
        return any(ipaddress.ip_address(address) in network for network in networks)
    except ValueError:
        return False
