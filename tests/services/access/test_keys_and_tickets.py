from __future__ import annotations

import threading

import pytest
from sqlalchemy import text

from services.access.callers import Caller
from services.access.scope import Permission
from services.access.tickets import LASTS_SECONDS
from services.clock import SECOND
from services.errors import InvalidRequest, NotFound
from tests.services.access.conftest import Door

pytestmark = pytest.mark.stores("sqlite", "postgresql")


def test_a_key_is_shown_once_and_found_by_its_token(door: Door) -> None:
    token, key = door.keys.create("till-3", ["write_events"], sites=["main"])
    assert token.startswith("pb_")
    assert door.keys.get(token) == key
    assert key.scope.actor == "key:till-3"
    assert key.scope.permissions == {Permission.WRITE_EVENTS}
    assert key.scope.sites == frozenset({"main"})
    with door.store.reading() as connection:
        assert token not in str(connection.execute(text("SELECT * FROM api_keys")).all())


def test_a_revoked_key_is_gone_at_once(door: Door) -> None:
    token, key = door.keys.create("till-3", ["write_events"])
    door.keys.revoke(key.id)
    assert door.keys.get(token) is None
    assert door.keys.again(key.id, key.version) is None
    with pytest.raises(NotFound):
        door.keys.revoke(key.id)


def test_an_unknown_permission_is_refused(door: Door) -> None:
    with pytest.raises(InvalidRequest):
        door.keys.create("till-3", ["rule_the_world"])


def test_a_ticket_opens_once(door: Door) -> None:
    _, session = door.sessions.open(door.user())
    ticket, seconds = door.tickets.issue(Caller.of(session))
    assert seconds == LASTS_SECONDS
    assert door.tickets.redeem(ticket) == Caller.of(session)
    assert door.tickets.redeem(ticket) is None
    assert door.tickets.redeem("made up") is None


def test_a_ticket_lasts_a_minute(door: Door) -> None:
    _, session = door.sessions.open(door.user())
    ticket, _ = door.tickets.issue(Caller.of(session))
    door.clock.at += LASTS_SECONDS * SECOND
    assert door.tickets.redeem(ticket) is None


def test_a_ticket_is_no_good_once_its_holder_is_out(door: Door) -> None:
    token, session = door.sessions.open(door.user())
    ticket, _ = door.tickets.issue(Caller.of(session))
    door.sessions.close(token)
    assert door.tickets.redeem(ticket) is None
    _, key = door.keys.create("screen", ["view_dashboard"])
    ticket, _ = door.tickets.issue(Caller.of(key))
    door.keys.revoke(key.id)
    assert door.tickets.redeem(ticket) is None


def test_of_many_that_take_the_same_ticket_one_gets_it(door: Door) -> None:
    _, session = door.sessions.open(door.user())
    ticket, _ = door.tickets.issue(Caller.of(session))
    got: list[Caller | None] = []
    takers = [threading.Thread(target=lambda: got.append(door.tickets.redeem(ticket))) for _ in range(8)]
    for taker in takers:
        taker.start()
    for taker in takers:
        taker.join()
    assert len([caller for caller in got if caller is not None]) == 1


def test_a_caller_looked_at_again_is_gone_after_a_changed_role(door: Door) -> None:
    _, session = door.sessions.open(door.user())
    caller = Caller.of(session)
    assert door.callers.again(caller) == caller
    door.accounts.change("mia", role="manager")
    assert door.callers.again(caller) is None
