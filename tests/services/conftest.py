"""Worlds: real stores with the services that take events in and answer queries, on a clock that the test moves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.backends.templates import BlankStore
from tests.properties.world import World, world
from tests.services.samples import MAIN


@pytest.fixture
def make_world(blank_store: BlankStore) -> Iterator[Callable[..., World]]:
    """`make_world(main={"tz": "Asia/Tokyo"}, bar={})`: each site in UTC, USD and from midnight unless told."""
    with ExitStack() as stack:

        def make(**sites: dict[str, Any]) -> World:
            return stack.enter_context(world({name: {**MAIN, **site} for name, site in sites.items()}, blank_store))

        yield make


@pytest.fixture
def shop(make_world: Callable[..., World]) -> World:
    """A world with the site main alone, in UTC; it is 2026-06-01T00:00Z."""
    return make_world(main={})
