from __future__ import annotations

import pytest

from services.access.scope import ROLES
from services.errors import Conflict, InvalidRequest, NotFound, Unauthenticated
from services.storage import access as rows
from tests.services.access.conftest import Door

pytestmark = pytest.mark.stores("sqlite", "postgresql")

WRONG = [("mia", "wrong"), ("nobody", "a good password"), ("mia", ""), ("mia\x00", "a good password")]


def test_the_right_password_gives_the_user_with_the_scope_of_the_role(door: Door) -> None:
    door.accounts.create("mia", "s3cret words", "analyst", sites=["main", "bar"], staff_id="7")
    user = door.accounts.verify("mia", "s3cret words")
    assert user.scope.actor == "user:mia"
    assert user.scope.permissions == ROLES["analyst"]
    assert user.scope.sites == frozenset({"main", "bar"})
    assert user.scope.staff_id == "7"


@pytest.mark.parametrize(("username", "password"), WRONG)
def test_whatever_is_wrong_is_answered_in_the_same_words(door: Door, username: str, password: str) -> None:
    door.user()
    with pytest.raises(Unauthenticated) as caught:
        door.accounts.verify(username, password)
    assert caught.value.detail == "the user name or the password is wrong"


def test_a_disabled_user_is_refused(door: Door) -> None:
    door.user()
    door.accounts.change("mia", disabled=True)
    with pytest.raises(Unauthenticated):
        door.accounts.verify("mia", "a good password")


def test_passwords_are_kept_as_argon2_hashes(door: Door) -> None:
    door.user()
    with door.store.reading() as connection:
        row = rows.user(connection, "mia")
    assert row is not None
    assert row.password_hash.startswith("$argon2id$")
    assert "good" not in row.password_hash


def test_a_hash_of_weaker_parameters_is_renewed_when_it_is_seen(door: Door) -> None:
    from argon2 import PasswordHasher

    user = door.user()
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("a good password")
    with door.store.writing() as connection:
        rows.keep_password_hash(connection, "mia", _hash_of(door), weak)
    assert door.accounts.verify("mia", "a good password").version == user.version
    assert _hash_of(door) != weak
    door.accounts.verify("mia", "a good password")


def _hash_of(door: Door) -> str:
    with door.store.reading() as connection:
        row = rows.user(connection, "mia")
    assert row is not None
    return str(row.password_hash)


def test_a_taken_name_an_unknown_role_and_an_endless_password_are_refused(door: Door) -> None:
    door.user()
    with pytest.raises(Conflict):
        door.user()
    with pytest.raises(InvalidRequest) as caught:
        door.accounts.create("tom", "x", "king")
    assert caught.value.pointer == "/role"
    with pytest.raises(InvalidRequest):
        door.accounts.create("tom", "x" * 2_000, "viewer")
    with pytest.raises(NotFound):
        door.accounts.change("tom", role="viewer")


def test_every_change_moves_the_version(door: Door) -> None:
    first = door.user()
    changed = door.accounts.change("mia", role="manager", sites=["main"])
    assert changed.version == first.version + 1
    assert changed.role == "manager"
    assert changed.sites == frozenset({"main"})
