"""Promise 2 by small steps: completed, corrected, cancelled and partly refunded, in any interleaving of a few orders.

Events happen in one order and arrive in another: alone, in batches, again in other words. At any moment the figures
are the recount of what has arrived; in the end they are also those of one post of everything.
"""

from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from tests.oracle_time import DAY
from tests.properties.questions import DIMENSIONS, hold
from tests.properties.strategies import PRODUCTS, amounts, spelled_anew
from tests.properties.world import careful, world

pytestmark = [pytest.mark.timeout(900), pytest.mark.stores("sqlite", "postgresql")]

EXAMPLES = {"sqlite": 25, "postgresql": 8}
STEPS = {"sqlite": 20, "postgresql": 14}
SITES = {"main": {"tz": "America/New_York", "currency": "USD", "day_starts_at": "01:30"}}
CENTRE = datetime(2025, 11, 2, 6, tzinfo=UTC)
"""When New York's clocks go back: the hour is there twice, and the business day begins in it."""
METRICS = (
    "revenue", "net_revenue", "refunds", "discounts", "tips", "orders", "cancellations", "cancellation_rate",
    "customers", "new_customers", "items_sold", "average_order_value",
)  # fmt: skip
CENT = Decimal("0.01")


def queries():
    """These metrics whole, by each dimension, by the hour and by the day."""
    period = {"from": (CENTRE - 3 * DAY).isoformat(), "to": (CENTRE + 3 * DAY).isoformat()}
    for metric in METRICS:
        for group_by in ([], ["hour"], ["day"], *([name] for name in DIMENSIONS[metric])):
            yield {"metric": metric, "group_by": group_by, "range": period}


QUERIES = list(queries())
ORDERS = st.sampled_from(["1", "1", "1", "2", "10"])
MOMENTS = st.builds(
    lambda quarters, more: (CENTRE + timedelta(minutes=15 * quarters, microseconds=more)).isoformat(),
    st.sampled_from([-100, -6, -3, -2, -1, 0, 0, 1, 2, 4, 6, 98]),
    st.sampled_from([0, 0, 0, -1]),
)
LINES = st.lists(
    st.fixed_dictionaries({
        "product": st.sampled_from(PRODUCTS), "quantity": st.sampled_from([1, 2, "0.5"]),
        "unit_price": amounts(CENT, 9),
    }),
    max_size=2,
)  # fmt: skip
COMPLETED = st.fixed_dictionaries(
    {
        "order_id": ORDERS, "total_amount": amounts(CENT, 0, 25, 50), "items_count": st.integers(0, 3),
        "customer_id": st.sampled_from(["c", "c", "d", None]),
    },
    optional={
        "staff_id": st.sampled_from(["7", "8"]), "channel": st.sampled_from(["web", "dine_in"]),
        "discount_amount": amounts(CENT, 2), "tip_amount": amounts(CENT, 4), "items": LINES,
    },
)  # fmt: skip
CANCELLED = st.fixed_dictionaries({"order_id": ORDERS}, optional={"staff_id": st.sampled_from(["7", "9"])})
REFUNDED = st.fixed_dictionaries({"order_id": ORDERS, "amount": amounts(CENT, 5, 20)})


class OrderMachine(RuleBasedStateMachine):
    """`happen` puts events aside as a till does that is cut off; `arrive` posts some of them, in whatever order."""

    def __init__(self, blank_store):
        super().__init__()
        self._blank_store = blank_store
        self._stack = ExitStack()
        self._aside = []
        self._arrived = []
        self._made = 0

    @initialize()
    def begin(self):
        self._running = self._stack.enter_context(world(SITES, self._blank_store))

    def _happen(self, kind, data, at):
        self._made += 1
        # Ids that are in another order than the events: of two at one instant the greater id wins.
        name = f"{'zaZA'[self._made % 4]}{self._made}"
        event = {"id": name, "type": kind, "source": "till", "site": "main", "occurred_at": at, "data": data}
        self._aside.append(event)

    @rule(data=COMPLETED, at=MOMENTS)
    def an_order_is_completed(self, data, at):
        self._happen("order_completed", data, at)

    @precondition(lambda self: self._completed())
    @rule(choice=st.data(), data=COMPLETED, later=MOMENTS)
    def an_order_is_corrected(self, choice, data, later):
        """Often in the very instant: then the ids decide."""
        former = choice.draw(st.sampled_from(self._completed()))
        at = choice.draw(st.sampled_from([former["occurred_at"], former["occurred_at"], later]))
        self._happen("order_completed", {**data, "order_id": former["data"]["order_id"]}, at)

    def _completed(self):
        return [event for event in [*self._aside, *self._arrived] if event["type"] == "order_completed"]

    @rule(data=CANCELLED, at=MOMENTS)
    def an_order_is_cancelled(self, data, at):
        self._happen("order_cancelled", data, at)

    @rule(data=REFUNDED, at=MOMENTS)
    def an_order_is_partly_refunded(self, data, at):
        self._happen("order_cancelled", data, at)

    @precondition(lambda self: self._aside)
    @rule(data=st.data())
    def some_arrive(self, data):
        turned = data.draw(st.permutations(self._aside))
        count = data.draw(st.integers(1, len(turned)))
        again = data.draw(st.lists(st.sampled_from(self._arrived), max_size=2)) if self._arrived else []
        self._post(turned[:count], [data.draw(st.sampled_from([event, spelled_anew(event)])) for event in again])
        self._aside = turned[count:]

    @precondition(lambda self: self._arrived)
    @rule(data=st.data())
    def some_arrive_again(self, data):
        self._post([], data.draw(st.lists(st.sampled_from(self._arrived), min_size=1, max_size=3)))

    @precondition(lambda self: self._arrived)
    @rule(some=st.lists(st.sampled_from(QUERIES), min_size=5, max_size=10))
    def somebody_looks(self, some):
        hold(self._running.ask(some), some, self._arrived, SITES)

    def _post(self, new, again):
        statuses = self._running.post([*again, *new])
        assert (statuses["accepted"], statuses["duplicate"]) == (len(new), len(again))
        self._arrived += new

    def teardown(self):
        with self._stack:
            if not self._arrived:
                return
            hold(self._running.ask(QUERIES), QUERIES, self._arrived, SITES)
            assert self._running.differences() == []
            with world(SITES, self._blank_store) as at_once:
                at_once.post(sorted(self._arrived, key=lambda event: event["id"]))
                assert at_once.ask(QUERIES) == self._running.ask(QUERIES)


def test_any_interleaving_of_what_befalls_orders_gives_the_same_figures(blank_store, store_kind):
    few = settings(careful, max_examples=EXAMPLES[store_kind], stateful_step_count=STEPS[store_kind])
    run_state_machine_as_test(lambda: OrderMachine(blank_store), settings=few)
