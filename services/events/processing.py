"""Accepted events become facts and figures: one transaction, each event counted once.

For every fact that events touch, the contributions it made before are compared with those it makes now; the
difference goes to the rollups. Late, corrected and out-of-order events therefore need no way of their own.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain, groupby, product
from operator import attrgetter

from sqlalchemy import Connection

from services.clock import MINUTE, Instant
from services.events.facts import Accepted, Action, Order, Payment, Refund, Stamp, Stock
from services.metrics import catalogue, rollups
from services.metrics.contributions import Contribution, OrderState, Value, of_action, of_payment
from services.metrics.deltas import Deltas
from services.metrics.sites import Site
from services.storage import facts as store
from services.storage.facts import FirstOrder

STOCK_METRICS = frozenset({"low_stock_items"})
STAFF_METRICS = frozenset(metric.name for metric in catalogue.METRICS if "staff" in metric.dimensions)
LINE_METRICS = (
    frozenset(metric.name for metric in catalogue.METRICS if set(catalogue.LINE_DIMENSIONS) & set(metric.dimensions))
    - STOCK_METRICS
)
DISTINCT_METRICS = frozenset(metric.name for metric in catalogue.METRICS if metric.kind == "distinct")

StaffNames = dict[str, tuple[Stamp, str]]


@dataclass(slots=True)
class Changes:
    """What a transaction changed: topics, with their new versions, and the hull of the minutes with other figures."""

    topics: dict[str, int] = field(default_factory=dict)
    start: Instant | None = None
    end: Instant | None = None

    def touch(self, at: Instant) -> None:
        minute = at - at % MINUTE
        self.start = minute if self.start is None else min(self.start, minute)
        self.end = minute + MINUTE if self.end is None else max(self.end, minute + MINUTE)

    def add(self, other: Changes) -> None:
        """Takes in what a later part of the same work changed."""
        self.topics |= other.topics
        for at in (other.start, other.end):
            if at is not None:
                self.start = at if self.start is None else min(self.start, at)
                self.end = at if self.end is None else max(self.end, at)

    @property
    def buckets(self) -> tuple[Instant, Instant] | None:
        return None if self.start is None or self.end is None else (self.start, self.end)


def apply(
    connection: Connection, events: Sequence[Accepted], names: dict[str, StaffNames], sites: dict[str, Site]
) -> Changes:
    """Books events that are not in the store yet; `names` are the staff names they told, by site."""
    changes = Changes()
    by_site = attrgetter("site")
    for site_id, group in groupby(sorted(events, key=by_site), key=by_site):
        _SiteTransaction(connection, sites[site_id], changes).apply(list(group), names.get(site_id, {}))
    return changes


class _SiteTransaction:
    """The events of one site in one transaction."""

    def __init__(self, connection: Connection, site: Site, changes: Changes) -> None:
        self._connection = connection
        self._site = site
        self._changes = changes
        self._deltas = Deltas(site.calendar, site.minutes_from, site.built_before)
        self._metrics: set[str] = set()

    def apply(self, events: list[Accepted], names: StaffNames) -> None:
        kinds: dict[type, list[Accepted]] = defaultdict(list)
        for event in events:
            kinds[type(event.fact)].append(event)
        self._orders([e.fact for e in (*kinds[Order], *kinds[Refund]) if isinstance(e.fact, Order | Refund)])
        self._payments([e.fact for e in kinds[Payment] if isinstance(e.fact, Payment)])
        self._actions([e.fact for e in kinds[Action] if isinstance(e.fact, Action)])
        self._stock([e.fact for e in kinds[Stock] if isinstance(e.fact, Stock)])
        if names and store.save_staff_names(self._connection, self._site.id, names):
            self._metrics |= STAFF_METRICS
        rollups.apply(self._connection, self._site.id, self._deltas)
        self._announce()

    def _announce(self) -> None:
        for at in (self._deltas.first, self._deltas.last):
            if at is not None:
                self._changes.touch(at)
        self._metrics |= _metrics_of(self._deltas.measures())
        if not self._metrics:
            return
        versions = rollups.bump_topics(self._connection, self._site.id, self._metrics)
        self._changes.topics |= {f"{metric}@{self._site.id}": version for metric, version in versions.items()}

    def _correct(self, old: Sequence[Contribution], new: Sequence[Contribution]) -> None:
        """Of a fact that added something before: only what is different now."""
        before, after = Counter(old), Counter(new)
        gone, come = list((before - after).elements()), list((after - before).elements())
        self._metrics |= _metrics_of(_moved(gone, come))
        self._deltas.change(gone, come)

    def _orders(self, facts: Sequence[Order | Refund]) -> None:
        if not facts:
            return
        site_id = self._site.id
        old = store.load_orders(self._connection, site_id, {fact.order_id: None for fact in facts})
        new = {order_id: state.copy() for order_id, state in old.items()}
        for fact in facts:
            new[fact.order_id].hear(fact)
        customers = _Customers(self._connection, site_id, old, new)
        customers.settle()
        pairs = [(old[order_id], new[order_id]) for order_id in new]
        store.save_orders(self._connection, site_id, pairs)
        customers.save()
        for before, after in pairs:
            if not before.is_new:
                self._correct(before.contributions(), after.contributions())
        fresh = (after.contributions() for before, after in pairs if before.is_new)
        self._deltas.change((), chain.from_iterable(fresh))
        for before, after in pairs:
            self._tell_of_lines(before.order, after.order)
            self._count_customers(before, after)

    def _tell_of_lines(self, old: Order | None, new: Order | None) -> None:
        """Lines can change what a product and a category have in common while the sums of each stay."""
        if old is not None and new is not None and old.lines != new.lines:
            self._metrics |= LINE_METRICS
            self._changes.touch(old.at)
            self._changes.touch(new.at)

    def _count_customers(self, before: OrderState, after: OrderState) -> None:
        old, new = before.order, after.order
        if old is new:
            return
        for order, sign in ((old, -1), (new, 1)):
            if order is not None and order.customer_id is not None:
                cells = (("", ""), ("staff", order.staff_id or ""), ("channel", order.channel or ""))
                self._deltas.count_customer(order.at, order.customer_id, cells, sign)
        if old is not None and new is not None and old.customer_id != new.customer_id:
            self._metrics |= DISTINCT_METRICS
            self._changes.touch(old.at)
            self._changes.touch(new.at)

    def _payments(self, heard: Sequence[Payment]) -> None:
        if not heard:
            return
        old = store.load_payments(self._connection, self._site.id, {payment.key for payment in heard})
        new = dict(old)
        for payment in heard:
            known = new.get(payment.key)
            if known is None or payment.stamp > known.stamp:
                new[payment.key] = payment
        changed = [payment for key, payment in new.items() if payment is not old.get(key)]
        store.save_payments(self._connection, self._site.id, changed, old)
        for payment in changed:
            if payment.key in old:
                self._correct(list(of_payment(old[payment.key])), list(of_payment(payment)))
        fresh = (of_payment(payment) for payment in changed if payment.key not in old)
        self._deltas.change((), chain.from_iterable(fresh))

    def _actions(self, actions: Sequence[Action]) -> None:
        store.insert_actions(self._connection, self._site.id, actions)
        self._deltas.change((), chain.from_iterable(map(of_action, actions)))

    def _stock(self, levels: Sequence[Stock]) -> None:
        store.insert_stock(self._connection, self._site.id, levels)
        for level in levels:
            self._metrics |= STOCK_METRICS
            self._changes.touch(level.stamp[0])


_MEASURES_OF = {metric.name: metric.measures() for metric in catalogue.METRICS}


def _metrics_of(measures: set[str]) -> set[str]:
    return {name for name, needed in _MEASURES_OF.items() if measures & needed}


def _moved(gone: Iterable[Contribution], come: Iterable[Contribution]) -> set[str]:
    """The measures that change at some instant, though perhaps in no rollup: a correction within one hour."""
    sums: Counter[tuple[Instant, Value, int]] = Counter()
    for contributions, sign in ((gone, -1), (come, 1)):
        for at, places, amounts, values in contributions:
            for value, (place, amount) in product(values, zip(places, amounts, strict=True)):
                sums[(at, value, place)] += sign * amount
    return {catalogue.MEASURES[key[2]] for key, amount in sums.items() if amount}


class _Customers:
    """Who ordered first: settles `customer_type` of the orders in hand, and of those whose place they take."""

    def __init__(
        self, connection: Connection, site: str, old: dict[str, OrderState], new: dict[str, OrderState]
    ) -> None:
        self._connection = connection
        self._site = site
        self._old = old
        self._new = new
        self._changed: dict[str, FirstOrder | None] = {}

    def settle(self) -> None:
        """Sets customer_type in every new state, adding to old and new the orders of others that change theirs."""
        touched = {order.customer_id for order in self._orders_in_hand() if order.customer_id is not None}
        known = store.load_first_orders(self._connection, self._site, touched)
        firsts: dict[str, FirstOrder | None] = {customer: known.get(customer) for customer in touched}
        self._advance(firsts)
        firsts.update(self._found_anew(known))
        self._changed = {who: first for who, first in firsts.items() if first != known.get(who)}
        affected = [first[1] for who in self._changed for first in (known.get(who), firsts[who]) if first]
        self._load(order_id for order_id in affected if order_id not in self._new)
        for state in self._new.values():
            state.customer_type = _customer_type(state.order, firsts)

    def save(self) -> None:
        store.save_first_orders(self._connection, self._site, self._changed)

    def _orders_in_hand(self) -> Iterable[Order]:
        states = (*self._old.values(), *self._new.values())
        return (state.order for state in states if state.order is not None)

    def _advance(self, firsts: dict[str, FirstOrder | None]) -> None:
        for state in self._new.values():
            order = state.order
            if order is not None and order.customer_id is not None:
                first, this = firsts[order.customer_id], (order.at, order.order_id)
                if first is None or this < first:
                    firsts[order.customer_id] = this

    def _found_anew(self, known: dict[str, FirstOrder]) -> dict[str, FirstOrder | None]:
        """For customers whose first order was corrected away from them or to another time: looked up once more."""
        lost = set()
        for order_id, before in self._old.items():
            old, new = before.order, self._new[order_id].order
            if old is None or old.customer_id is None or old is new or new is None:
                continue
            was_first = known.get(old.customer_id) == (old.at, order_id)
            if was_first and (new.customer_id != old.customer_id or new.at > old.at):
                lost.add(old.customer_id)
        if not lost:
            return {}
        rest = store.earliest_orders(self._connection, self._site, lost, without=self._new)
        best: dict[str, FirstOrder | None] = {who: rest.get(who) for who in lost}
        for state in self._new.values():
            order = state.order
            if order is not None and order.customer_id in best:
                first, this = best[order.customer_id], (order.at, order.order_id)
                best[order.customer_id] = this if first is None else min(first, this)
        return best

    def _load(self, order_ids: Iterable[str]) -> None:
        others = store.load_orders(self._connection, self._site, order_ids)
        for order_id, state in others.items():
            self._old[order_id] = state
            self._new[order_id] = state.copy()


def _customer_type(order: Order | None, firsts: dict[str, FirstOrder | None]) -> str:
    if order is None or order.customer_id is None:
        return "guest"
    return "new" if firsts[order.customer_id] == (order.at, order.order_id) else "returning"
