"""The stores that tests run on: SQLite for all, and PostgreSQL as well for those marked so.

    pytestmark = pytest.mark.stores("sqlite", "postgresql")

runs each test of a module once on each store, as far as it takes `settings`, `services`, `make_world` or
`blank_store`; without the mark it is SQLite. A PostgreSQL that is missing is a failure.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from settings import Settings
from tests.backends.postgres import PostgresServer, running
from tests.backends.templates import (
    BlankStore,
    fresh_database,
    fresh_file,
    known_settings,
    make_blank,
    make_bootstrapped,
)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", 'stores("sqlite", "postgresql"): run on each of these stores')


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    mark = metafunc.definition.get_closest_marker("stores")
    if mark is not None and "store_kind" in metafunc.fixturenames:
        metafunc.parametrize("store_kind", mark.args, indirect=True, scope="session")


@pytest.fixture(scope="session")
def store_kind(request: pytest.FixtureRequest) -> str:
    """sqlite or postgresql; see the mark `stores`."""
    return getattr(request, "param", "sqlite")


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """One quick server for all tests that kill nothing; make databases on it, and leave it running."""
    with running(durable=False) as server:
        yield server


@dataclass(frozen=True)
class Templates:
    """Stores to copy: `bootstrapped` as the first start leaves one, `blank` with tables alone."""

    bootstrapped: str
    blank: str


@pytest.fixture(scope="session")
def postgres_templates(postgres: PostgresServer) -> Templates:
    """The names of two databases, each made once."""
    templates = Templates("template_bootstrapped", "template_blank")
    make_blank(postgres.create(templates.blank))
    make_bootstrapped(known_settings(postgres.create(templates.bootstrapped, templates.blank)))
    return templates


@pytest.fixture(scope="session")
def sqlite_templates(tmp_path_factory: pytest.TempPathFactory) -> Templates:
    """The paths of two files, each made once."""
    directory = tmp_path_factory.mktemp("templates")
    templates = Templates(f"{directory}/bootstrapped.sqlite3", f"{directory}/blank.sqlite3")
    make_blank(f"sqlite:///{templates.blank}")
    shutil.copy(templates.blank, templates.bootstrapped)
    make_bootstrapped(known_settings(f"sqlite:///{templates.bootstrapped}"))
    return templates


@pytest.fixture
def pg_settings(postgres: PostgresServer, postgres_templates: Templates) -> Iterator[Settings]:
    """Settings on a new PostgreSQL database, with a known password and key."""
    with fresh_database(postgres, postgres_templates.bootstrapped) as url:
        yield known_settings(url)


@pytest.fixture
def pg_services(pg_settings: Settings) -> Iterator[Any]:
    """The real services on PostgreSQL, bootstrapped and running."""
    from services.container import build

    built = build(pg_settings)
    built.start()
    yield built
    built.stop()


@pytest.fixture(scope="session")
def blank_store(store_kind: str, request: pytest.FixtureRequest) -> BlankStore:
    """`with blank_store() as url:` a new, migrated and empty store, as often as a test likes."""
    if store_kind == "sqlite":
        template = request.getfixturevalue("sqlite_templates").blank
        return lambda: fresh_file(template)
    server, names = request.getfixturevalue("postgres"), request.getfixturevalue("postgres_templates")
    return lambda: fresh_database(server, names.blank)
