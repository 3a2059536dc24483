"""The cluster, started once for each module that asks for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.cluster import Cluster


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Two servers, a processor, PostgreSQL and Redis; whoever breaks something puts it right again."""
    with Cluster(tmp_path_factory.mktemp("cluster")) as running:
        yield running
