"""The way of events through one process, put together: intake, and the processor with its retries."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from services.clock import Clock
from services.events.acceptance import Acceptance, AtOnce, Publish, Queued
from services.events.intake import Intake
from services.events.processor import Processor
from services.events.retries import Retries
from services.events.writer import Writer
from services.metrics.sites import Sites
from services.realtime.relay import Relay
from services.storage.engine import Store
from services.storage.partitions import Partitions

MOST_WAITING = 20_000


@dataclass(frozen=True, slots=True)
class Pipeline:
    """`processor.step` is to be repeated, and at once when `wake` is set."""

    intake: Intake
    processor: Processor
    wake: threading.Event


def build(
    store: Store,
    writer: Writer,
    sites: Sites,
    publish: Publish,
    clock: Clock,
    *,
    patience: float = 0.0,
    most_waiting: int = MOST_WAITING,
    relay: Relay | None = None,
) -> Pipeline:
    """The parts for this store; `relay` tells processors in other processes that there is work, and hears it of them.

    Units:  `patience` in seconds: what processors elsewhere have not taken by then is taken here; `most_waiting` in
            events that may wait to be applied before posts are refused.
    """
    retries = Retries(clock, None if relay is None else relay.work)
    transact = writer.run if store.is_sqlite else store.transact
    processor = Processor(store, transact, retries, publish, clock, patience)
    acceptance: Acceptance
    if store.is_sqlite:
        acceptance = AtOnce(publish, retries, clock)
    else:
        wake = retries.wake.set if relay is None else relay.wake
        acceptance = Queued(Partitions(store), wake, processor.backlog, most_waiting, clock)
    return Pipeline(Intake(writer, sites, acceptance, clock), processor, retries.wake)
