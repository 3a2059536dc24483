"""A store with its tables, and the services of the door on it, with a clock that the test moves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from services.access.accounts import Accounts, User
from services.access.callers import Callers
from services.access.keys import Keys
from services.access.sessions import Sessions
from services.access.tickets import Tickets
from services.storage.engine import Store
from tests.backends.templates import BlankStore


class Hands:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.at = 1_700_000_000_000_000

    def __call__(self) -> int:
        return self.at


@dataclass
class Door:
    store: Store
    clock: Hands
    accounts: Accounts
    sessions: Sessions
    keys: Keys
    callers: Callers
    tickets: Tickets

    def user(self, username: str = "mia", role: str = "viewer") -> User:
        return self.accounts.create(username, "a good password", role)


@pytest.fixture
def door(blank_store: BlankStore) -> Iterator[Door]:
    with blank_store() as url:
        store, clock = Store(url), Hands()
        sessions, keys = Sessions(store, clock), Keys(store, clock)
        callers = Callers(sessions, keys)
        yield Door(store, clock, Accounts(store), sessions, keys, callers, Tickets(store, clock, callers))
        store.close()
