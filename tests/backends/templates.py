"""Stores to begin a test with: made once, copied for each test, gone at its end."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

from settings import Settings
from tests.backends.postgres import PostgresServer

ADMIN_KEY = "pb_test-key-with-all-permissions"
ADMIN_PASSWORD = "correct horse battery staple"

BlankStore = Callable[[], AbstractContextManager[str]]
"""Gives the URL of a new store that is migrated and holds nothing, for as long as the block lasts."""

_numbers = count(1)


@contextmanager
def fresh_database(server: PostgresServer, template: str) -> Iterator[str]:
    """The URL of a new copy of the template, dropped at the end."""
    name = f"store_{next(_numbers)}"
    yield server.create(name, template)
    server.drop(name)


@contextmanager
def fresh_file(template: str) -> Iterator[str]:
    """The URL of a new copy of the template, deleted at the end."""
    with tempfile.TemporaryDirectory(prefix="pulseboard-store-") as directory:
        path = Path(directory) / "store.sqlite3"
        shutil.copy(template, path)
        yield f"sqlite:///{path}"


def known_settings(database_url: str, **changes: Any) -> Settings:
    """Settings on this store, with a known password and key."""
    known = Settings(
        database_url=database_url,
        secret_key="a secret for tests alone",
        bootstrap_admin_password=ADMIN_PASSWORD,
        bootstrap_api_key=ADMIN_KEY,
    )
    return replace(known, **changes)


def make_blank(url: str) -> None:
    """The tables."""
    from services.storage.engine import Store
    from services.storage.migrations import upgrade

    store = Store(url)
    upgrade(store)
    store.close()


def make_bootstrapped(settings: Settings) -> None:
    """The site main, the user admin and the key, in a store with its tables."""
    from services.access.bootstrap import bootstrap
    from services.container import build

    built = build(settings)
    bootstrap(settings, accounts=built.accounts, keys=built.keys, sites=built.sites)
    built.store.close()
