"""A real store with the services that take events in and answer queries, small enough to be made for each example."""

import tempfile
from collections import Counter
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from hypothesis import HealthCheck, Phase, settings

from services import clock
from services.access.scope import Permission, Scope
from services.events import pipeline
from services.events.writer import Writer
from services.metrics import verify
from services.metrics.cache import InProcessCache
from services.metrics.query import Query
from services.metrics.rebuild import rebuild
from services.metrics.sites import Sites
from services.metrics.snapshot import Snapshots
from services.storage.engine import Store
from tests.backends.templates import fresh_file, make_blank

# The same examples in every run; those that fail are not explained line by line, which costs more than all the rest.
careful = settings(
    deadline=None,
    derandomize=True,
    phases=[phase for phase in Phase if phase is not Phase.explain],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)
EVERYTHING = Scope("user:admin", frozenset(Permission))
NOW = clock.to_instant(datetime(2026, 6, 1, tzinfo=UTC))


class World:
    def __init__(self, url, sites):
        self.now = NOW
        self.published = []
        self.store = Store(url)
        self.writer = Writer(self.store, 1_000)
        self.sites = Sites(self.store, self.rebuild)
        publish = lambda *told: self.published.append(told)  # noqa: E731
        events = pipeline.build(self.store, self.writer, self.sites, publish, self._clock)
        self.intake, self.processor = events.intake, events.processor
        self.snapshots = Snapshots(self.store, InProcessCache(16_000_000), self._clock, 60)
        self.place(sites)

    def _clock(self):
        return self.now

    def place(self, sites):
        for name, site in sites.items():
            self.sites.save(name, name=name, **site)

    def rebuild(self, site):
        rebuild(self.store, self.writer.run, site, self.now)

    def post(self, batch, source="till"):
        """The statuses of the batch's items, counted."""
        results = self.intake.accept(batch, scope=EVERYTHING, source=source)
        self.settle()
        return Counter(result.status for result in results)

    def settle(self):
        """Applies what waits to be applied."""
        while self.processor.step() == 0:
            pass

    def ask(self, queries):
        """Answers to queries in the contract's shape; an error is raised."""
        readings = self.snapshots.read([Query.model_validate(query) for query in queries], EVERYTHING)
        for reading in readings:
            if reading.error is not None:
                raise reading.error
        return [reading.answer for reading in readings]

    def differences(self):
        return verify.differences(self.store)


@cache
def _blank_file():
    path = Path(tempfile.mkdtemp(prefix="pulseboard-properties-")) / "blank.sqlite3"
    make_blank(f"sqlite:///{path}")
    return path


@contextmanager
def world(sites, blank_store=lambda: fresh_file(_blank_file())):
    """A running world with these sites and no events, gone at the end."""
    with blank_store() as url:
        made = World(url, sites)
        made.writer.start()
        try:
            yield made
        finally:
            made.writer.stop()
            made.store.close()
