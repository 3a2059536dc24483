"""A site of the cluster with orders of 1.00, posted one by one, and who watches its revenue."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from tests.conftest import Server
from tests.faults.cluster import Cluster
from tests.faults.figures import ask, card
from tests.faults.tills import new_site, post
from tests.faults.watching import watching
from tests.services.samples import order

SOON = 2.0


class Place:
    """`orders` is what its revenue must be."""

    def __init__(self, cluster: Cluster, name: str) -> None:
        self.servers = cluster.servers
        self.site = new_site(cluster.servers[0], name)
        self.orders = 0

    def post(self, server: Server) -> None:
        """One order of 1.00."""
        self.orders += 1
        with httpx.Client(headers=server.headers, timeout=20) as client:
            assert post(client, server, [order(str(self.orders), "1.00", site=self.site)]) == ["accepted"]

    def reading(self, server: Server) -> dict[str, Any]:
        (reading,) = ask(server, [card("revenue", self.site)]).values()
        return reading

    def shown_within(self, *servers: Server, seconds: float = SOON) -> None:
        """What is read from each of them once that time is over has every order, and mostly long before."""
        over = time.monotonic() + seconds
        for server in servers:
            late, found = False, None
            while not late and found != self.orders:
                late = time.monotonic() >= over
                found = self.reading(server)["data"]["value"]
            assert found == self.orders

    @contextmanager
    def watched(self, server: Server) -> Iterator[Callable[[], dict[str, Any]]]:
        """Gives what waits for the next announcement of the site's revenue."""
        topic = f"revenue@{self.site}"
        with watching(server, topic) as watcher:
            yield lambda: watcher.hears(topic, SOON)
