"""The services, built once and passed down: nothing is a global made at import."""

from __future__ import annotations

from dataclasses import dataclass

from services import clock as clock_module
from services.access.accounts import Accounts
from services.access.bootstrap import bootstrap
from services.access.callers import Callers
from services.access.keys import Keys
from services.access.sessions import Sessions
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
from services.metrics.cache import InProcessCache
from services.metrics.sites import Sites
from services.metrics.snapshot import Snapshots
from services.realtime.hub import Hub
from services.realtime.live import Live
from services.realtime.threads import Repeating
from services.status import Answers, Status
from services.storage import locks, migrations
from services.storage.engine import Store
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
    sites: Sites
    writer: Writer
    processor: Processor
    intake: Intake
    dead_letters: DeadLetters
    snapshots: Snapshots
    hub: Hub
    live: Live
    accounts: Accounts
    keys: Keys
    sessions: Sessions
    tickets: Tickets
    callers: Callers
    dashboards: Dashboards
    processing: Repeating
    upkeep: Repeating
    status: Status

    def start(self) -> None:
        """After the fork: the writer, the processor, the hub's threads and upkeep."""
        self.writer.start()
        self.processing.start()
        self.live.start()
        self.upkeep.start()

    def stop(self) -> None:
        """Sockets first (1012), then the work in hand, then the store."""
        self.live.stop()
        self.upkeep.stop()
        self.processing.stop()
        self.writer.stop()
        self.store.close()


class ProcessorOnly:
    """What a process needs that applies events and serves nobody."""

    def __init__(self, settings: Settings, clock: Clock = clock_module.now) -> None:
        self._store = Store(settings.database_url)
        processor = Processor(self._store, self._store.transact, Retries(clock), lambda topics, buckets, cause: None, clock)
        self._processing = Repeating("processor", processor.step)

    def start(self) -> None:
        self._processing.start()

    @property
    def running(self) -> bool:
        return self._processing.running

    def stop(self) -> None:
        self._processing.stop()
        self._store.close()


def prepare(settings: Settings) -> list[str]:
    """Brings the store up to date and fills it where it is new; the lines that are to be shown this once.

    Errors: SettingError where the store cannot be reached or written.
    """
    services = build(settings)
    try:
        with locks.alone(services.store, "start"):
            migrations.upgrade(services.store)
            return bootstrap(settings, accounts=services.accounts, keys=services.keys, sites=services.sites)
    except (StoreUnavailable, OSError) as error:
        raise SettingError("DATABASE_URL", "the store cannot be reached or written") from error
    finally:
        services.store.close()


def build(settings: Settings, clock: Clock = clock_module.now) -> Services:
    """All services on the store of the settings; nothing runs yet, nothing is migrated."""
    store = Store(settings.database_url)
    writer = Writer(store, settings.event_queue_size)
    hub = Hub(
        limit=settings.websocket_max_connections,
        heartbeat_seconds=settings.websocket_heartbeat_seconds,
        clock=clock,
    )
    upkeep = Upkeep(store, writer, clock, hub.publish)
    sites = Sites(store, upkeep.rebuild)
    events = pipeline.build(
        store,
        writer,
        sites,
        hub.publish,
        clock,
        patience=LATE_SECONDS if settings.process_events == "late" else 0.0,
        most_waiting=WAITING_FOR_EACH_POST * settings.event_queue_size,
    )
    cache = InProcessCache(settings.cache_max_mb * MEBIBYTE)
    snapshots = Snapshots(store, cache, clock, settings.cache_ttl_seconds)
    sessions, keys = Sessions(store, clock), Keys(store, clock)
    callers = Callers(sessions, keys)
    dead_letters = DeadLetters(store, writer.run, events.wake.set, clock)
    return Services(
        settings=settings,
        clock=clock,
        store=store,
        sites=sites,
        writer=writer,
        processor=events.processor,
        intake=events.intake,
        dead_letters=dead_letters,
        snapshots=snapshots,
        hub=hub,
        live=Live(hub, sites.all, snapshots.read, clock),
        accounts=Accounts(store),
        keys=keys,
        sessions=sessions,
        tickets=Tickets(store, clock, callers),
        callers=callers,
        dashboards=Dashboards(store, clock),
        processing=Repeating("processor", events.processor.step, events.wake),
        upkeep=Repeating("upkeep", upkeep.step, upkeep.wake),
        status=Status(
            settings=settings,
            clock=clock,
            store=store,
            writer=writer,
            hub=hub,
            snapshots=snapshots,
            dead_letters=dead_letters,
            counts=events.intake.counts,
            redis_in_reach=lambda: None,
            jobs=list,
            answers=Answers(),
            started_at=clock(),
        ),
    )
