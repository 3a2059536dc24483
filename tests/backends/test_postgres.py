"""The PostgreSQL server that tests run on does what the fault tests need of it."""

import psycopg
import pytest

from tests.backends.postgres import running


def test_what_was_committed_survives_a_kill_and_nothing_else_does():
    with running() as server:
        server.execute("CREATE TABLE kept (number int)")
        server.execute("INSERT INTO kept VALUES (1)")
        with psycopg.connect(server.url()) as open_one:
            open_one.execute("INSERT INTO kept VALUES (2)")
            server.kill()
            with pytest.raises(psycopg.OperationalError):
                server.connect()
            server.start()
            with pytest.raises(psycopg.OperationalError):
                open_one.execute("SELECT 1")
        assert server.execute("SELECT number FROM kept") == [(1,)]


def test_while_it_is_paused_nobody_is_answered_and_then_everybody():
    with running(durable=False) as server, server.connect() as one:
        server.pause()
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(server.url(), connect_timeout=2)
        server.resume()
        assert one.execute("SELECT 1").fetchall() == [(1,)]


def test_a_database_begins_as_a_copy_and_is_gone_with_all_its_connections(postgres):
    postgres.create("begins_as")
    postgres.execute("CREATE TABLE held (word text)", "begins_as")
    postgres.create("a_copy", "begins_as")
    with postgres.connect("a_copy") as connection:
        assert connection.execute("SELECT * FROM held").fetchall() == []
        postgres.drop("a_copy")
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
    postgres.drop("begins_as")


def test_text_is_not_compared_by_its_bytes_there(postgres):
    """Else a query that forgets to say how it compares would be right in the tests alone."""
    assert postgres.execute("SELECT 'b' < 'C', 'C' < 'b' COLLATE \"C\"") == [(True, True)]
