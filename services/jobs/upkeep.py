"""Work that goes on beside serving: building rollups anew, forgetting old minutes and the bodies of old events."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection
from functools import partial
from typing import Any

from sqlalchemy import Connection

from services import clock
from services.clock import Clock, Instant
from services.errors import QueueFull, StoreUnavailable
from services.events.acceptance import Publish
from services.events.lanes import Lane
from services.events.writer import Writer
from services.jobs import retention
from services.metrics import catalogue, rollups, sites
from services.metrics.rebuild import rebuild
from services.metrics.refill import KEEP_MINUTES
from services.storage import locks
from services.storage.engine import Store

PRUNE_EVERY_SECONDS = 3_600.0
LOOK_AGAIN_SECONDS = 30.0
"""Where another process rebuilds: should it end in the middle, somebody has to go on."""

_log = logging.getLogger("pulseboard.upkeep")


class Upkeep:
    """Rebuilds that were asked for or cut short by a restart, one after the other, and hourly forgetting.

    It runs in every process; locks see to it that each piece of work is done by one. `retention_months` 0: bodies of
    events are kept for ever.
    """

    def __init__(
        self, store: Store, writer: Writer, clock: Clock, publish: Publish, *, retention_months: int = 0
    ) -> None:
        self.wake = threading.Event()
        self._store = store
        self._writer = writer
        self._clock = clock
        self._publish = publish
        self._retention_months = retention_months
        self._forgot_at: Instant | None = None
        self._forgotten = retention.Forgotten()

    def rebuild(self, site_id: str) -> None:
        """A site's calendar changed: what is on screens is out of date, and its rollups are built anew soon."""
        self._tell(site_id)
        self.wake.set()

    def step(self) -> float:
        """Seconds until it wants to look again."""
        self.wake.clear()
        with self._store.reading() as connection:
            known = sites.load(connection)
        left = [site.id for site in known.values() if site.rebuilding and not self._rebuilt(site.id)]
        self._forget(list(known))
        return LOOK_AGAIN_SECONDS if left else PRUNE_EVERY_SECONDS

    def _rebuilt(self, site_id: str) -> bool:
        _log.info("rebuilding the rollups of %s", site_id)
        if not rebuild(self._store, self._write, site_id, self._clock()):
            return False
        self._tell(site_id)
        return True

    def _forget(self, site_ids: Collection[str]) -> None:
        now = self._clock()
        if self._forgot_at is not None and now - self._forgot_at < clock.HOUR:
            return
        before = (now - KEEP_MINUTES) // clock.MINUTE * clock.MINUTE
        for site_id in site_ids:
            self._write(partial(_prune, site_id=site_id, before=before))
        if self._retention_months:
            self._forgotten = retention.forget(
                self._store, self._write, retention.horizon(now, self._retention_months), self._forgotten
            )
        self._forgot_at = now

    def _tell(self, site_id: str) -> None:
        names = [metric.name for metric in catalogue.METRICS]
        try:
            versions = self._write(partial(rollups.bump_topics, site=site_id, metrics=names))
        except StoreUnavailable as error:  # the settings' own version makes cached answers out of date all the same
            _log.warning("could not announce the new figures of %s: %s", site_id, error.detail)
        else:
            self._publish({f"{name}@{site_id}": version for name, version in versions.items()}, None, "cache")

    def _write(self, work: Callable[[Connection], Any]) -> Any:
        """In a transaction of its own, behind everything live."""
        if not self._store.is_sqlite:
            return self._store.transact(work)
        try:
            return self._writer.run(work, Lane.BACKFILL)
        except QueueFull as error:
            time.sleep(error.retry_after)
            raise StoreUnavailable("the writer has too much to do for upkeep") from error


def _prune(connection: Connection, site_id: str, before: Instant) -> None:
    locks.hold_site(connection, site_id)
    rollups.prune_minutes(connection, site_id, before)
