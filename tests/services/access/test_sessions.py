from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from services.access.sessions import LASTS
from tests.services.access.conftest import Door

pytestmark = pytest.mark.stores("sqlite", "postgresql")


def test_a_session_is_found_by_its_token_and_by_nothing_else(door: Door) -> None:
    token, session = door.sessions.open(door.user())
    assert door.sessions.get(token) == session
    assert session.username == "mia"
    assert door.sessions.get(session.token_hash) is None
    assert door.sessions.get("") is None


def test_the_store_holds_no_token(door: Door) -> None:
    token, _ = door.sessions.open(door.user())
    with door.store.reading() as connection:
        kept = connection.execute(text("SELECT * FROM sessions")).all()
    assert token not in str(kept)


def test_two_sessions_of_a_user_have_different_tokens(door: Door) -> None:
    user = door.user()
    (one, first), (other, second) = door.sessions.open(user), door.sessions.open(user)
    assert one != other
    assert first.csrf_token != second.csrf_token


def test_logging_out_ends_it(door: Door) -> None:
    token, _ = door.sessions.open(door.user())
    door.sessions.close(token)
    assert door.sessions.get(token) is None


def test_it_expires_and_is_cleared_away(door: Door) -> None:
    user = door.user()
    token, _ = door.sessions.open(user)
    door.clock.at += LASTS
    assert door.sessions.get(token) is None
    door.sessions.open(user)
    with door.store.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM sessions")).scalar() == 1


@pytest.mark.parametrize("change", [{"role": "manager"}, {"disabled": True}, {"sites": ["bar"]}, {"password": "new"}])
def test_a_changed_user_ends_every_session_at_once(door: Door, change: dict[str, Any]) -> None:
    token, _ = door.sessions.open(door.user())
    door.accounts.change("mia", **change)
    assert door.sessions.get(token) is None
