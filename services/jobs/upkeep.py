"""Work on the rollups that goes on beside serving: building a site's anew, and forgetting old minutes."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection
from functools import partial

from services import clock
from services.clock import Clock, Instant
from services.errors import StoreUnavailable
from services.events.writer import Writer
from services.metrics import catalogue, recount, rollups, sites
from services.realtime.changes import Buckets, Cause
from services.storage.engine import Store

PRUNE_EVERY_SECONDS = 3_600.0

Publish = Callable[[Collection[str], Buckets, Cause], None]

_log = logging.getLogger("pulseboard.upkeep")


class Upkeep:
    """Rebuilds that were asked for or cut short by a restart, one after the other, and hourly pruning."""

    def __init__(self, store: Store, writer: Writer, clock: Clock, publish: Publish) -> None:
        self.wake = threading.Event()
        self._store = store
        self._writer = writer
        self._clock = clock
        self._publish = publish
        self._pruned_at: Instant | None = None

    def rebuild(self, site_id: str) -> None:
        """A site's calendar changed: what is on screens is out of date, and its rollups are built anew soon."""
        self._tell(site_id)
        self.wake.set()

    def step(self) -> float:
        """Seconds until it wants to look again."""
        self.wake.clear()
        with self._store.reading() as connection:
            known = sites.load(connection)
        for site in known.values():
            if site.rebuilding:
                _log.info("rebuilding the rollups of %s", site.id)
                recount.rebuild(self._writer.run, site.id, self._clock())
                self._tell(site.id)
        self._prune(list(known))
        return PRUNE_EVERY_SECONDS

    def _prune(self, site_ids: Collection[str]) -> None:
        now = self._clock()
        if self._pruned_at is not None and now - self._pruned_at < clock.HOUR:
            return
        before = (now - recount.KEEP_MINUTES) // clock.MINUTE * clock.MINUTE
        for site_id in site_ids:
            self._writer.run(partial(rollups.prune_minutes, site=site_id, before=before))
        self._pruned_at = now

    def _tell(self, site_id: str) -> None:
        names = [metric.name for metric in catalogue.METRICS]
        try:
            self._writer.run(partial(rollups.bump_topics, site=site_id, metrics=names))
        except StoreUnavailable as error:  # the settings' own version makes cached answers out of date all the same
            _log.warning("could not announce the new figures of %s: %s", site_id, error.detail)
        else:
            self._publish([f"{name}@{site_id}" for name in names], None, "cache")
