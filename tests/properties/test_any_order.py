"""Promise 2: any order, duplication and batching of the same events gives what a naive recount gives, to the cent."""

from collections import Counter
from itertools import chain

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.metrics import catalogue, rollups
from tests.oracle_time import DAY
from tests.properties.questions import DIMENSIONS, hold, plain, questions
from tests.properties.strategies import deliveries, histories, origin, spelled_anew
from tests.properties.world import careful, world

pytestmark = pytest.mark.timeout(900)  # making a failing example small takes up to five minutes


def test_the_catalogue_has_the_metrics_and_dimensions_of_the_contract():
    assert {metric.name: {*metric.dimensions} for metric in catalogue.METRICS} == {
        name: {*dimensions} for name, dimensions in DIMENSIONS.items()
    }


@settings(careful, max_examples=15)
@given(st.data())
def test_every_metric_by_every_dimension_is_as_recounted_in_whatever_order_events_come(data):
    history = data.draw(histories())
    queries = list(plain(history))
    for _ in range(2):
        delivery = data.draw(deliveries(history.events))
        with world(history.sites) as running:
            results = sum((running.post(batch) for batch in delivery), Counter())
            assert results == _expected(delivery)
            hold(running.ask(queries), queries, history.events, history.sites)


def _expected(delivery):
    """The first of each id is accepted, the same in other words a duplicate, anything else a conflict."""
    known, results = {}, Counter()
    for event in chain.from_iterable(delivery):
        first = known.setdefault(origin(event), event)
        same = first["data"].get("note") == event["data"].get("note")
        results["accepted" if first is event else "duplicate" if same else "rejected"] += 1
    # The very same object posted again is a duplicate too.
    again = Counter(id(event) for event in chain.from_iterable(delivery) if known[origin(event)] is event)
    surplus = sum(count - 1 for count in again.values())
    return +Counter({**results, "accepted": len(known), "duplicate": results["duplicate"] + surplus})


@settings(careful, max_examples=60)
@given(st.data())
def test_questions_with_filters_partial_ranges_now_and_two_sites_are_answered_as_recounted(data):
    history = data.draw(histories())
    queries = data.draw(st.lists(questions(history.centre), min_size=8, max_size=16))
    with world(history.sites) as running:
        running.post(history.events)
        if data.draw(st.booleans()):  # minutes of long ago are not kept
            moment = int((history.centre - data.draw(st.integers(0, 1)) * DAY).timestamp()) * 1_000_000
            running.writer.run(lambda connection: rollups.prune_minutes(connection, "main", moment))
        hold(running.ask(queries), queries, history.events, history.sites)


@settings(careful, max_examples=15)
@given(st.data())
def test_an_answer_read_before_never_outlives_what_comes_after(data):
    history = data.draw(histories(min_size=8, max_size=14))
    some = st.lists(st.sampled_from(list(plain(history))), min_size=10, max_size=20)
    queries = [*data.draw(some), *data.draw(st.lists(questions(history.centre), max_size=6))]
    with world(history.sites) as running:
        heard = []
        for batch in data.draw(deliveries(history.events)):
            running.post(batch)
            heard += batch
            hold(running.ask(queries), queries, heard, history.sites)


@settings(careful, max_examples=10)
@given(histories(min_size=8, max_size=12))
def test_the_same_events_in_other_words_change_nothing(history):
    with world(history.sites) as running:
        assert running.post(history.events) == {"accepted": len(history.events)}
        told = len(running.published)
        assert running.post([spelled_anew(event) for event in history.events]) == {"duplicate": len(history.events)}
        assert len(running.published) == told
