"""Promise 3: rollups equal a recount from the stored facts after any history, and one that does not is found."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from services.metrics import rollups
from services.metrics.rebuild import rebuild
from tests.properties.questions import hold, plain, questions
from tests.properties.strategies import TURNS, ZONES, deliveries, histories
from tests.properties.world import careful, world

pytestmark = pytest.mark.timeout(900)  # making a failing example small takes up to five minutes

SITE = {"main": {"tz": "America/New_York", "currency": "USD", "day_starts_at": "04:00"}}
ORDER = {
    "id": "1",
    "type": "order_completed",
    "occurred_at": "2026-03-01T12:30:05Z",
    "data": {
        "order_id": "1",
        "total_amount": "42.50",
        "items_count": 1,
        "customer_id": "c",
        "items": [{"product": "Margherita", "category": "Pizza", "quantity": 2, "line_amount": "26.00"}],
    },
}


@settings(careful, max_examples=30)
@given(st.data())
def test_no_difference_after_any_history(data):
    history = data.draw(histories())
    with world(history.sites) as running:
        for batch in data.draw(deliveries(history.events)):
            running.post(batch)
            assert running.differences() == []


@settings(careful, max_examples=8)
@given(st.data())
def test_a_site_that_moves_has_its_rollups_built_anew(data):
    history = data.draw(histories())
    half = data.draw(st.integers(0, len(history.events)))
    moved = {
        name: {**site, "tz": data.draw(st.sampled_from(ZONES)), "day_starts_at": data.draw(st.sampled_from(TURNS))}
        for name, site in history.sites.items()
    }
    queries = [
        query for query in plain(history) if query["metric"] in ("net_revenue", "customers", "orders", "payments")
    ]
    queries += data.draw(st.lists(questions(history.centre), max_size=6))
    with world(history.sites) as running:
        running.post(history.events[:half])
        hold(running.ask(queries), queries, history.events[:half], history.sites)
        running.place(moved)
        assert not any(site.rebuilding for site in running.sites.all())
        assert running.differences() == []
        hold(running.ask(queries), queries, history.events[:half], moved)
        running.post(history.events[half:])
        assert running.differences() == []
        hold(running.ask(queries), queries, history.events, moved)


@settings(careful, max_examples=12)
@given(st.data())
def test_events_may_come_while_rollups_are_built_anew(data):
    history = data.draw(histories())
    half = data.draw(st.integers(0, len(history.events)))
    queries = data.draw(st.lists(questions(history.centre), min_size=4, max_size=8))
    mark = data.draw(st.sampled_from([EMPTY_ROWS, "UPDATE sites SET built_before = '0001-01-01' WHERE id = 'main'"]))
    with world(history.sites) as running:
        running.post(history.events[:half])
        heard, waiting = list(history.events[:half]), list(history.events[half:])
        with running.store.writing() as connection:
            connection.execute(text(mark))

        def hear():
            if waiting:
                heard.append(waiting.pop())
                assert running.post(heard[-1:]) == {"accepted": 1}
            hold(running.ask(queries), queries, heard, history.sites)

        def write(work):
            hear()
            done = running.writer.run(work)
            hear()
            return done

        assert rebuild(running.store, write, "main", running.now)
        running.post(waiting)
        assert running.differences() == []
        hold(running.ask(queries), queries, history.events, history.sites)


EMPTY_ROWS = """
    INSERT INTO rollup_day (site, dimension, business_date, value)
    SELECT DISTINCT site, 'severity', business_date, 'none at all' FROM rollup_day"""
"""Rows that say nothing, and so spoil no figure; but days that have them are not as they would be built."""


@settings(careful, max_examples=15)
@given(st.data())
def test_minutes_that_are_no_longer_kept_are_no_difference(data):
    history = data.draw(histories())
    half = data.draw(st.integers(0, len(history.events)))
    moment = int(history.centre.timestamp()) * 1_000_000 + data.draw(st.sampled_from([0, -3_600_000_000, 60_000_000]))
    with world(history.sites) as running:
        running.post(history.events[:half])
        running.writer.run(lambda connection: rollups.prune_minutes(connection, "main", moment))
        running.post(history.events[half:])
        assert running.differences() == []


ROLLUPS = ("rollup_day", "rollup_hour", "rollup_minute", "customer_day")


@pytest.fixture
def counted():
    """A world with one order, rolled up without a difference."""
    with world(SITE) as running:
        running.post([ORDER])
        assert running.differences() == []
        yield running


def _plant(running, sql):
    with running.store.writing() as connection:
        assert connection.execute(text(sql)).rowcount > 0


@pytest.mark.parametrize("table", ROLLUPS)
def test_a_cell_that_is_wrong_is_found(counted, table):
    _plant(counted, f"UPDATE {table} SET orders = orders + 1 WHERE orders = 1")
    found = counted.differences()
    assert {(one.site, one.table, one.measure) for one in found} == {("main", table, "orders")}
    assert all(one.found == one.expected + 1 for one in found)


@pytest.mark.parametrize("table", ROLLUPS)
def test_a_row_that_is_missing_is_found(counted, table):
    _plant(counted, f"DELETE FROM {table}")
    assert {one.table for one in counted.differences()} == {table}


STRAYS = {
    "rollup_day": "(site, dimension, business_date, value, orders) VALUES ('main', 'staff', '2024-01-01', '7', 1)",
    "rollup_hour": "(site, dimension, hour, business_date, value, orders) "
    "VALUES ('main', '', 1704110400000000, '2024-01-01', '', 1)",
    "rollup_minute": "(site, minute, orders) VALUES ('main', 1704110400000000, 1)",
    "customer_day": "(site, dimension, business_date, value, customer_id, orders) "
    "VALUES ('main', '', '2024-01-01', '', 'c', 1)",
}


@pytest.mark.parametrize("table", ROLLUPS)
def test_a_row_of_a_day_without_facts_is_found(counted, table):
    _plant(counted, f"INSERT INTO {table} {STRAYS[table]}")
    assert {one.table for one in counted.differences()} == {table}


@pytest.mark.parametrize("table", ROLLUPS)
def test_a_row_at_a_site_without_facts_is_found(table):
    with world(SITE) as running:
        _plant(running, f"INSERT INTO {table} {STRAYS[table]}")
        assert {one.table for one in running.differences()} == {table}


def test_building_anew_mends_what_was_wrong(counted):
    for table in ROLLUPS:
        _plant(counted, f"INSERT INTO {table} {STRAYS[table]}")
        _plant(counted, f"UPDATE {table} SET orders = orders + 1")
    counted.rebuild("main")
    assert counted.differences() == []
