"""The services, built once and passed down: nothing is a global made at import."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

from services import clock as clock_module
from services import redis_link
from services.access.accounts import Accounts
from services.access.bootstrap import bootstrap
from services.access.callers import Callers
from services.access.keys import Keys
from services.access.sessions import Sessions
from services.access.throttle import Throttle, throttle_for
from services.access.tickets import Tickets
from services.clock import Clock
from services.dashboards.saved import Dashboards
from services.errors import SettingError, StoreUnavailable
from services.events import pipeline
from services.events.dead_letters import DeadLetters
from services.events.intake import Intake
from services.events.processor import Processor
from services.events.retries import Retries
from services.events.writer import Writer
from services.jobs.upkeep import Upkeep
from services.metrics import topic_versions
from services.metrics.cache import Cache, InProcessCache
from services.metrics.redis_cache import FallbackCache, RedisCache
from services.metrics.sites import Sites
from services.metrics.snapshot import Snapshots
from services.realtime.hub import Hub
from services.realtime.live import Live
from services.realtime.relay import Announcer, Relay
from services.realtime.threads import Repeating
from services.redis_link import RedisLink
from services.storage import migrations
from services.storage.alone import in_turn
from services.storage.engine import Store
from services.storage.replica import Replica
from settings import Settings

MEBIBYTE = 1024 * 1024
LATE_SECONDS = 1.0
"""Where processors of their own apply events, what has waited so long is applied by whoever sees it."""
WAITING_FOR_EACH_POST = 20
"""On PostgreSQL so many events, for each post that may wait for its commit, may wait to be applied."""


@dataclass(frozen=True)
class Services:
    """Everything that routes, callbacks and commands work with. Threads run between start() and stop()."""

    settings: Settings
    clock: Clock
    store: Store
    redis: RedisLink | None
    sites: Sites
    writer: Writer
    processor: Processor
    intake: Intake
    dead_letters: DeadLetters
    snapshots: Snapshots
    hub: Hub
    relay: Relay | None
    live: Live
    accounts: Accounts
    keys: Keys
    sessions: Sessions
    tickets: Tickets
    callers: Callers
    throttle: Throttle
    dashboards: Dashboards
    processing: Repeating
    upkeep: Repeating
    following: Repeating | None
    """The replica's thread, where there is one."""

    @property
    def announcer(self) -> Announcer:
        """Who tells the browsers of all processes."""
        return self.relay or self.hub

    def start(self) -> None:
        """After the fork: what others stand on first."""
        parts = (self.redis, self.relay, self.following, self.writer, self.processing, self.live, self.upkeep)
        for part in parts:
            if part is not None:
                part.start()

    def stop(self) -> None:
        """Sockets first (1012), then the work in hand, then what it stands on."""
        parts = (self.live, self.upkeep, self.processing, self.writer, self.following, self.relay, self.redis)
        for part in parts:
            if part is not None:
                part.stop()
        self.close()

    def close(self) -> None:
        """Lets the store go; enough where nothing was started."""
        self.snapshots.close()
        self.store.close()


class ProcessorOnly:
    """What a process needs that applies events and serves nobody."""

    def __init__(self, settings: Settings, clock: Clock = clock_module.now) -> None:
        self._store = Store(settings.database_url)
        self._redis = _link(settings)
        self._relay = Relay(None, self._redis, dict)
        retries = Retries(clock, self._relay.work)
        processor = Processor(self._store, self._store.transact, retries, self._relay.publish, clock)
        self._processing = Repeating("processor", processor.step, retries.wake)

    def start(self) -> None:
        if self._redis is not None:
            self._redis.start()
        self._relay.start()
        self._processing.start()

    @property
    def running(self) -> bool:
        return self._processing.running

    def stop(self) -> None:
        self._processing.stop()
        self._relay.stop()
        if self._redis is not None:
            self._redis.stop()
        self._store.close()


def prepare(settings: Settings) -> list[str]:
    """Brings the store up to date and fills it where it is new; the lines that are to be shown this once.

    Errors: SettingError where the store cannot be reached or written, or Redis is set and does not answer.
    """
    if settings.redis_url is not None:
        redis_link.check(settings.redis_url)
    try:
        with contextlib.closing(build(settings)) as services, in_turn(services.store, "start"):
            migrations.upgrade(services.store)
            return bootstrap(settings, accounts=services.accounts, keys=services.keys, sites=services.sites)
    except (StoreUnavailable, OSError) as error:
        raise SettingError("DATABASE_URL", "the store cannot be reached or written") from error


def build(settings: Settings, clock: Clock = clock_module.now) -> Services:
    """All services on the store of the settings; nothing runs yet, nothing is migrated."""
    store = Store(settings.database_url)
    link = _link(settings)
    writer = Writer(store, settings.event_queue_size)
    hub = Hub(
        limit=settings.websocket_max_connections,
        heartbeat_seconds=settings.websocket_heartbeat_seconds,
        clock=clock,
    )
    relay = None if store.is_sqlite and link is None else Relay(hub, link, lambda: topic_versions.stored(store))
    announcer: Announcer = relay or hub
    upkeep = Upkeep(store, writer, clock, announcer.publish, retention_months=settings.event_retention_months)
    sites = Sites(store, upkeep.rebuild)
    events = pipeline.build(
        store,
        writer,
        sites,
        announcer.publish,
        clock,
        patience=LATE_SECONDS if settings.process_events == "late" else 0.0,
        most_waiting=WAITING_FOR_EACH_POST * settings.event_queue_size,
        relay=relay,
    )
    replica = None if settings.database_replica_url is None else Replica(store, settings.database_replica_url)
    snapshots = Snapshots(
        store,
        _cache(settings, link, clock),
        clock,
        settings.cache_ttl_seconds,
        replica,
        told=dict if relay is None else relay.told,
    )
    dead_letters = DeadLetters(store, writer.run, events.wake.set if relay is None else relay.wake, clock)
    sessions, keys = Sessions(store, clock), Keys(store, clock)
    callers = Callers(sessions, keys)
    return Services(
        settings=settings,
        clock=clock,
        store=store,
        redis=link,
        sites=sites,
        writer=writer,
        processor=events.processor,
        intake=events.intake,
        dead_letters=dead_letters,
        snapshots=snapshots,
        hub=hub,
        relay=relay,
        live=Live(hub, sites.all, snapshots.read, clock),
        accounts=Accounts(store),
        keys=keys,
        sessions=sessions,
        tickets=Tickets(store, clock, callers),
        callers=callers,
        throttle=throttle_for(settings.event_processing_rate_limit, link),
        dashboards=Dashboards(store, clock),
        processing=Repeating("processor", events.processor.step, events.wake),
        upkeep=Repeating("upkeep", upkeep.step, upkeep.wake),
        following=None if replica is None else Repeating("replica", replica.step),
    )


def _link(settings: Settings) -> RedisLink | None:
    if settings.redis_url is None:
        return None
    return RedisLink(settings.redis_url, redis_link.namespace(settings.database_url))


def _cache(settings: Settings, link: RedisLink | None, clock: Clock) -> Cache:
    local = InProcessCache(settings.cache_max_mb * MEBIBYTE)
    return local if link is None else FallbackCache(RedisCache(link, clock), local)
