"""Promises 2 and 3 on PostgreSQL: the same properties as on SQLite, by the same recount, in fewer examples."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from services.metrics import rollups
from tests.oracle_time import DAY
from tests.properties.questions import hold, plain, questions
from tests.properties.strategies import TURNS, ZONES, deliveries, histories, spelled_anew
from tests.properties.world import careful, world

pytestmark = [pytest.mark.stores("postgresql"), pytest.mark.timeout(900)]


@settings(careful, max_examples=4)
@given(data=st.data())
def test_every_metric_by_every_dimension_is_as_recounted_in_whatever_order_events_come(blank_store, data):
    history = data.draw(histories())
    queries = list(plain(history))
    with world(history.sites, blank_store) as running:
        for batch in data.draw(deliveries(history.events)):
            running.post(batch)
        hold(running.ask(queries), queries, history.events, history.sites)
        assert running.differences() == []


@settings(careful, max_examples=15)
@given(data=st.data())
def test_questions_with_filters_partial_ranges_now_and_two_sites_are_answered_as_recounted(blank_store, data):
    history = data.draw(histories())
    queries = data.draw(st.lists(questions(history.centre), min_size=8, max_size=16))
    with world(history.sites, blank_store) as running:
        running.post(history.events)
        if data.draw(st.booleans()):  # minutes of long ago are not kept
            moment = int((history.centre - data.draw(st.integers(0, 1)) * DAY).timestamp()) * 1_000_000
            running.writer.run(lambda connection: rollups.prune_minutes(connection, "main", moment))
        if data.draw(st.booleans()):  # nor is the log
            running.writer.run(lambda connection: connection.execute(text("TRUNCATE events")))
        hold(running.ask(queries), queries, history.events, history.sites)


@settings(careful, max_examples=5)
@given(data=st.data())
def test_an_answer_read_before_never_outlives_what_comes_after(blank_store, data):
    history = data.draw(histories(min_size=8, max_size=14))
    some = st.lists(st.sampled_from(list(plain(history))), min_size=10, max_size=20)
    queries = [*data.draw(some), *data.draw(st.lists(questions(history.centre), max_size=6))]
    with world(history.sites, blank_store) as running:
        heard = []
        for batch in data.draw(deliveries(history.events)):
            running.post(batch)
            heard += batch
            hold(running.ask(queries), queries, heard, history.sites)


@settings(careful, max_examples=4)
@given(data=st.data())
def test_a_site_that_moves_has_its_rollups_built_anew(blank_store, data):
    history = data.draw(histories())
    moved = {
        name: {**site, "tz": data.draw(st.sampled_from(ZONES)), "day_starts_at": data.draw(st.sampled_from(TURNS))}
        for name, site in history.sites.items()
    }
    queries = data.draw(st.lists(questions(history.centre), min_size=6, max_size=10))
    with world(history.sites, blank_store) as running:
        half = data.draw(st.integers(0, len(history.events)))
        running.post(history.events[:half])
        running.place(moved)
        running.post(history.events[half:])
        assert running.differences() == []
        hold(running.ask(queries), queries, history.events, moved)


@settings(careful, max_examples=4)
@given(data=st.data())
def test_the_same_events_in_other_words_change_nothing_whatever_became_of_the_log(blank_store, data):
    history = data.draw(histories(min_size=8, max_size=12))
    with world(history.sites, blank_store) as running:
        assert running.post(history.events) == {"accepted": len(history.events)}
        running.writer.run(lambda connection: connection.execute(text("TRUNCATE events")))
        told = len(running.published)
        assert running.post([spelled_anew(event) for event in history.events]) == {"duplicate": len(history.events)}
        assert len(running.published) == told
