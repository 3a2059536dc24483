"""Promise 6: an event that cannot be applied delays nobody, is tried five times, and is counted when it is replayed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from services.metrics import verify
from services.storage.engine import Store
from tests.conftest import Server
from tests.faults.cluster import Cluster
from tests.faults.figures import ask, card
from tests.faults.tills import new_site, post
from tests.services.samples import order

PATH = "/analytics/events/dead-letters"
NEIGHBOURS = 20
TRIES_SECONDS = 7.5
REFUSALS = {
    "sqlite": [
        "CREATE TRIGGER poison BEFORE INSERT ON orders WHEN NEW.order_id = 'poison' "
        "BEGIN SELECT RAISE(ABORT, 'this order is refused'); END",
    ],
    "postgresql": [
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'this order is refused'; END $$",
        "CREATE TRIGGER poison BEFORE INSERT ON orders FOR EACH ROW WHEN (NEW.order_id = 'poison') "
        "EXECUTE FUNCTION refuse()",
    ],
}
RELENTING = {"sqlite": "DROP TRIGGER poison", "postgresql": "DROP TRIGGER poison ON orders"}


class House:
    """A server that is one of several or alone, and the store behind it."""

    def __init__(self, server: Server, database_url: str) -> None:
        self.server = server
        self.store = Store(database_url)
        self.kind = "sqlite" if self.store.is_sqlite else "postgresql"
        self.client = httpx.Client(base_url=server.url, headers=server.headers, timeout=20)

    def change(self, *statements: str) -> None:
        with self.store.writing() as connection:
            for statement in statements:
                connection.execute(text(statement))

    def orders(self, site: str) -> float | None:
        (reading,) = ask(self.server, [card("orders", site)]).values()
        value: float | None = reading["data"]["value"]
        return value

    def seconds_until(self, orders: int, site: str) -> float:
        """How long it takes from now until so many orders are shown."""
        begun = time.monotonic()
        while self.orders(site) != orders:
            assert time.monotonic() < begun + 30
        return time.monotonic() - begun

    def letters(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.client.get(PATH).json()["dead_letters"]
        return found

    def wait_for_letter(self) -> dict[str, Any]:
        deadline = time.monotonic() + 3 * TRIES_SECONDS
        while not (found := self.letters()):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        (letter,) = found
        return letter


@pytest.fixture(params=["sqlite", "postgresql"])
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    if request.param == "sqlite":
        server = request.getfixturevalue("server")
        made = House(server, server.database_url)
    else:
        cluster: Cluster = request.getfixturevalue("cluster")
        made = House(cluster.servers[0], cluster.database_url)
    yield made
    made.client.close()
    made.store.close()


def test_a_poison_event_delays_nobody_reaches_the_dead_letters_and_is_counted_when_replayed(house: House) -> None:
    clean, spoilt = (new_site(house.server, name) for name in ("clean", "spoilt"))
    house.change(*REFUSALS[house.kind])

    def batch(site: str, *others: str) -> list[dict[str, Any]]:
        ids = [f"{number}" for number in range(NEIGHBOURS)]
        ids[NEIGHBOURS // 2 : NEIGHBOURS // 2] = others
        return [order(order_id, "1.00", site=site) for order_id in ids]

    begun = time.monotonic()
    assert set(post(house.client, house.server, batch(clean))) == {"accepted"}
    house.seconds_until(NEIGHBOURS, clean)
    usual = time.monotonic() - begun

    begun = time.monotonic()
    assert set(post(house.client, house.server, batch(spoilt, "poison"))) == {"accepted"}
    house.seconds_until(NEIGHBOURS, spoilt)
    assert time.monotonic() - begun < usual + 1

    # While it is tried again, others come and go.
    assert post(house.client, house.server, [order("after", "1.00", site=spoilt)]) == ["accepted"]
    assert house.seconds_until(NEIGHBOURS + 1, spoilt) < 1 + usual
    assert house.letters() == []

    letter = house.wait_for_letter()
    assert time.monotonic() - begun > TRIES_SECONDS
    assert (letter["site"], letter["event"]["data"]["order_id"], letter["attempts"]) == (spoilt, "poison", 5)
    assert letter["reason"]
    assert "refused" not in letter["reason"]
    assert verify.differences(house.store) == []

    house.change(RELENTING[house.kind])
    assert house.client.post(f"{PATH}/{letter['id']}/replay").status_code == 202
    assert house.seconds_until(NEIGHBOURS + 2, spoilt) < 2
    assert house.letters() == []
    assert verify.differences(house.store) == []
