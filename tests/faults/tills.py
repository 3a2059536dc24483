"""Clients that post under load while servers are killed, and what their events must come to in the end."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from os import environ

import httpx

from services.metrics import verify
from services.storage import queue
from services.storage.engine import Store
from tests.conftest import Server
from tests.faults.figures import Json, ask, card, expected, shown

ROUNDS = int(environ.get("FAULT_ROUNDS", "3"))
SEED = int(environ.get("FAULT_SEED", "1"))
CLIENTS = 4
BULKS, IN_BULK = 8, 250
PATIENCE = 60

class Till:
    """A client that posts events, of which many speak of the same orders, and remembers what it was told.

    What is answered by 503 or not at all is `unsure`, and is sent again at the end of the round.
    """

    def __init__(self, servers: Sequence[Server], name: str, site: str) -> None:
        self.acknowledged: list[Json] = []
        self.unsure: list[Json] = []
        self.posts = 0
        self._servers = servers
        self._name = name
        self._site = site
        self._chance = random.Random(f"{SEED} {name}")
        self._made = 0

    def work(self, over: threading.Event) -> None:
        """Posts to any of the servers until it is over, ever slower; now and then also what was acknowledged."""
        with httpx.Client(headers=self._servers[0].headers, timeout=20) as client:
            while not over.wait(self._chance.uniform(0, 0.05) * (1 + self.posts / 20)):
                batch = [self._event() for _ in range(self._chance.randint(1, 6))]
                again = self._chance.sample(self.acknowledged, min(2, len(self.acknowledged)))
                statuses = try_to_post(client, self._chance.choice(self._servers), batch + again, self._mode())
                if statuses is None:
                    self.unsure += batch
                    over.wait(0.05)
                else:
                    self._note(batch, statuses)

    def _note(self, batch: list[Json], statuses: list[str]) -> None:
        assert statuses[: len(batch)] == ["accepted"] * len(batch)
        assert set(statuses[len(batch) :]) <= {"duplicate"}
        self.acknowledged += batch
        self.posts += 1

    def _mode(self) -> str:
        return "backfill" if self._chance.random() < 0.2 else ""

    def _event(self) -> Json:
        chance, self._made = self._chance, self._made + 1
        order_id, amount = str(chance.randint(1, 150)), f"{chance.randint(100, 6000) / 100:.2f}"
        paid = {"order_id": order_id, "amount": amount, "payment_method": "card", "transaction_id": order_id}
        kind, data = chance.choice(
            [
                *[("order_completed", self._order(order_id, amount))] * 5,
                ("order_cancelled", {"order_id": order_id}),
                ("order_cancelled", {"order_id": order_id, "amount": "1.50"}),
                ("payment_processed", {**paid, "status": chance.choice(["success", "failed"])}),
                (
                    "inventory_updated",
                    {"product": "abc"[self._made % 3], "quantity": self._made % 9, "reorder_level": 4},
                ),
            ]
        )
        at = f"2026-03-{chance.randint(1, 3):02}T{chance.randint(0, 23):02}:{chance.randint(0, 59):02}:00Z"
        named = {"id": f"{self._name}-{self._made}", "type": kind, "source": "till", "site": self._site}
        return {**named, "occurred_at": at, "data": data}

    def _order(self, order_id: str, amount: str) -> Json:
        chance = self._chance
        lines = [
            {"product": chance.choice("abc"), "quantity": 1, "line_amount": "1.25"} for _ in range(chance.randint(0, 2))
        ]
        return {
            "order_id": order_id, "total_amount": amount, "items_count": 2, "staff_id": chance.choice("789"),
            "customer_id": chance.choice(["c", "d", "e", None]), "tip_amount": "0.50", "items": lines,
        }  # fmt: skip


class Backfill:
    """A client that posts plain orders in bulk: whenever something is killed, there is work in hand."""

    def __init__(self, servers: Sequence[Server], site: str) -> None:
        self.acknowledged: list[Json] = []
        self.unsure: list[Json] = []
        self.site = site
        self._servers = servers
        self._chance = random.Random(f"{SEED} {site}")

    @property
    def posted(self) -> int:
        return len(self.acknowledged) + len(self.unsure)

    def work(self, over: threading.Event) -> None:
        with httpx.Client(headers=self._servers[0].headers, timeout=60) as client:
            for number in range(BULKS):
                batch = [self._order(number * IN_BULK + one) for one in range(IN_BULK)]
                statuses = try_to_post(client, self._chance.choice(self._servers), batch, "backfill")
                assert statuses is None or set(statuses) == {"accepted"}
                (self.unsure if statuses is None else self.acknowledged).extend(batch)
                if over.wait(self._chance.uniform(0, 0.3)):
                    return

    def _order(self, number: int) -> Json:
        at = f"2026-03-{1 + number % 28:02}T{number % 24:02}:00:00Z"
        data = {"order_id": str(number), "total_amount": "1.00", "items_count": 1}
        named = {"id": str(number), "type": "order_completed", "source": "till", "site": self.site}
        return {**named, "occurred_at": at, "data": data}


class Day:
    """Rounds of load and trouble on servers that share a store; each round is at a site of its own."""

    def __init__(self, name: str, servers: Sequence[Server], database_url: str) -> None:
        self.resent: Counter[str] = Counter()
        self._name = name
        self._servers = servers
        self._database_url = database_url
        self._wanted: dict[str, Json] = {}
        self._last_accepted = 0.0

    def round(self, trouble: Callable[[], None]) -> None:
        """Load, trouble in the middle of it, everything once more; then all must be there and counted once."""
        site = new_site(self._servers[0], f"{self._name}-{len(self._wanted) + 1}")
        tills = [Till(self._servers, f"{site}-{till}", site) for till in range(CLIENTS)]
        bulk = Backfill(self._servers, new_site(self._servers[0], f"{site}-bulk"))
        with _load([*tills, bulk]):
            wait_for_posts(tills)
            time.sleep(random.uniform(0, 1.2))
            trouble()
            wait_for_posts(tills)
        self._last_accepted = time.monotonic()
        certain = [event for till in tills for event in till.acknowledged]
        unsure = [event for till in tills for event in till.unsure]
        self._wanted[site] = expected(certain + unsure, site)
        self._resend(certain + bulk.acknowledged, {"duplicate"})
        self._resend(unsure + bulk.unsure, {"accepted", "duplicate"})
        for server in self._servers:
            self._wait_until_shown(server, site)
            self._wait_for_backfill(server, bulk)
        self._hold_store()

    def end(self) -> None:
        """No round has spoilt another's figures."""
        assert self.resent["duplicate"] > 50 * len(self._wanted)
        for server in self._servers:
            assert {site: shown(server, site) for site in self._wanted} == self._wanted

    def _wait_until_shown(self, server: Server, site: str) -> None:
        """What the naive recount gives: at the latest in what is read 2 s after the last event was accepted."""
        late = False
        while not late:
            late = time.monotonic() >= self._last_accepted + 2
            found = shown(server, site)
            if found == self._wanted[site]:
                return
            time.sleep(0.1)
        assert found == self._wanted[site]

    def _wait_for_backfill(self, server: Server, bulk: Backfill) -> None:
        """It may wait for all else, but not for ever."""
        deadline = time.monotonic() + PATIENCE
        while (orders := ask(server, [card("orders", bulk.site)])["orders"]["data"]["value"]) != bulk.posted:
            assert orders < bulk.posted
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def _hold_store(self) -> None:
        """The store agrees with itself, and nothing waits."""
        store = Store(self._database_url)
        try:
            assert verify.differences(store) == []
            with store.reading() as connection:
                assert queue.backlog(connection).rows == 0
                assert queue.count_letters(connection, list(self._wanted)) == 0
        finally:
            store.close()

    def _resend(self, events: list[Json], allowed: set[str]) -> None:
        with httpx.Client(headers=self._servers[0].headers, timeout=30) as client:
            for start in range(0, len(events), 500):
                server = self._servers[start // 500 % len(self._servers)]
                statuses = post(client, server, events[start : start + 500])
                assert set(statuses) <= allowed, Counter(statuses)
                self.resent.update(statuses)
                if "accepted" in statuses:
                    self._last_accepted = time.monotonic()


@contextmanager
def _load(clients: Sequence[Till | Backfill]) -> Iterator[None]:
    """All of them at work while the block runs."""
    over = threading.Event()
    threads = [threading.Thread(target=client.work, args=[over]) for client in clients]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join(PATIENCE)
            assert not thread.is_alive()


def new_site(server: Server, name: str) -> str:
    """A site that nothing was posted to yet."""
    answer = httpx.put(f"{server.url}/analytics/sites/{name}", json={"name": name}, headers=server.headers)
    assert answer.status_code in (200, 201), answer.text
    return name


def wait_for_posts(tills: Sequence[Till]) -> None:
    """Until each has been told of a post since now."""
    before = [till.posts for till in tills]
    deadline = time.monotonic() + PATIENCE
    while any(till.posts == count for till, count in zip(tills, before, strict=True)):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def try_to_post(client: httpx.Client, server: Server, events: list[Json], mode: str = "") -> list[str] | None:
    """The statuses; None where nobody answered, or with 503, which says when to come back."""
    try:
        answer = _post(client, server, events, mode)
    except httpx.TransportError:
        return None
    if answer.status_code == 503:
        assert int(answer.headers["Retry-After"]) >= 1
        return None
    return _statuses(answer)


def post(client: httpx.Client, server: Server, events: list[Json], mode: str = "") -> list[str]:
    return _statuses(_post(client, server, events, mode))


def _post(client: httpx.Client, server: Server, events: list[Json], mode: str) -> httpx.Response:
    return client.post(f"{server.url}/analytics/events", json=events, params={"mode": mode} if mode else {})


def _statuses(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 202, (answer.status_code, answer.text)
    return [result["status"] for result in answer.json()["results"]]
