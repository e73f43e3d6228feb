"""Accounts: the first by a token that works once, passwords that cannot be guessed."""

from __future__ import annotations

from pathlib import Path

import pytest
from argon2 import PasswordHasher

from qianmian.errors import InputError
from qianmian.storage.sql.accounts import (
    IDLE_MS,
    SESSION_MS,
    AccountStore,
    SignedIn,
    SignInRefused,
    csrf_of,
)
from qianmian.storage.sql.database import Database
from tests.fakes.clock import FakeClock

QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
PASSWORD = "correct horse"
HERE = "203.0.113.7"


@pytest.fixture
def store(database: Database, clock: FakeClock) -> AccountStore:
    return AccountStore(database, clock, QUICK)


def first(store: AccountStore, name: str = "老板") -> SignedIn:
    token = store.first_account_token()
    assert token is not None
    made = store.create_first(token, name, PASSWORD)
    assert made is not None
    return made


def test_the_first_account_is_made_once_by_the_newest_token(store: AccountStore) -> None:
    old, token = store.first_account_token(), store.first_account_token()
    assert old is not None
    assert token is not None
    assert not store.has_accounts()
    for wrong in (old, "", token + "x"):
        assert store.create_first(wrong, "eve", PASSWORD) is None
    made = store.create_first(token, "老板", PASSWORD)
    assert made is not None
    assert (made.account.name, made.account.role) == ("老板", "owner")
    assert store.create_first(token, "eve", PASSWORD) is None
    assert store.first_account_token() is None
    assert store.has_accounts()


def test_a_bad_name_or_password_does_not_use_the_token_up(store: AccountStore) -> None:
    token = store.first_account_token()
    assert token is not None
    bad = [("", PASSWORD), (" a", PASSWORD), ("a\n", PASSWORD), ("a", "short"), ("a", "x" * 257)]
    for name, password in [*bad, ("correct horse", "Correct Horse")]:
        with pytest.raises(InputError):
            store.create_first(token, name, password)
    assert store.create_first(token, "a", PASSWORD)


def test_the_right_password_signs_in_and_the_wrong_one_does_not(store: AccountStore) -> None:
    first(store, "Boss")
    for name in ("Boss", "boss", "BOSS"):
        assert isinstance(store.sign_in(name, PASSWORD, HERE), SignedIn)
    for name, password in (("boss", "wrong"), ("nobody", PASSWORD), ("boss", ""), ("", "")):
        assert store.sign_in(name, password, HERE) == SignInRefused(0)


def test_nothing_readable_is_kept(store: AccountStore, path: Path) -> None:
    made = first(store)
    files = b"".join(one.read_bytes() for one in path.parent.iterdir())
    assert b"argon2id" in files
    assert PASSWORD.encode() not in files
    assert made.token.encode() not in files


def test_a_session_lives_until_it_ends_or_is_left_alone(
    store: AccountStore, clock: FakeClock
) -> None:
    made = first(store)
    assert store.session(made.token) == made
    assert made.csrf == csrf_of(made.token)
    assert store.session(made.token + "x") is None
    for _ in range(SESSION_MS // (IDLE_MS - 1)):
        clock.pass_ms(IDLE_MS - 1)
        assert store.session(made.token)
    clock.pass_ms(SESSION_MS % (IDLE_MS - 1))
    assert store.session(made.token) is None, "used all the time, but 14 days old"
    again = store.sign_in("老板", PASSWORD, HERE)
    assert isinstance(again, SignedIn)
    clock.pass_ms(IDLE_MS)
    assert store.session(again.token) is None, "left alone for a shift"


def test_signing_out_ends_the_session(store: AccountStore) -> None:
    made = first(store)
    store.sign_out(made.token)
    assert store.session(made.token) is None


def test_a_name_is_taken_in_every_spelling_and_a_role_must_exist(store: AccountStore) -> None:
    store.create("Li", "operator", PASSWORD)
    with pytest.raises(InputError, match="already"):
        store.create("LI", "operator", PASSWORD)
    with pytest.raises(InputError, match="no role"):
        store.create("wu", "god", PASSWORD)


def test_guessing_is_slowed_down_and_the_window_passes(
    store: AccountStore, clock: FakeClock
) -> None:
    first(store)
    for _ in range(5):
        assert store.sign_in("老板", "wrong", HERE) == SignInRefused(0)
    refused = store.sign_in("老板", PASSWORD, HERE)
    assert refused == SignInRefused(15 * 60_000), "also with the right password"
    assert isinstance(store.sign_in("老板", PASSWORD, "198.51.100.1"), SignedIn), (
        "who guesses elsewhere does not lock the owner out"
    )
    clock.pass_ms(15 * 60_000)
    assert isinstance(store.sign_in("老板", PASSWORD, HERE), SignedIn)


def test_one_address_cannot_go_through_many_names(store: AccountStore) -> None:
    for number in range(30):
        assert store.sign_in(f"name{number}", "wrong", HERE) == SignInRefused(0)
    refused = store.sign_in("another", "wrong", HERE)
    assert isinstance(refused, SignInRefused)
    assert refused.retry_after_ms > 0


def test_a_password_is_hashed_anew_when_the_cost_has_grown(
    path: Path, store: AccountStore, clock: FakeClock
) -> None:
    first(store)
    database = Database.in_file(path)
    stronger = PasswordHasher(time_cost=2, memory_cost=16, parallelism=1)
    later = AccountStore(database, clock, stronger)
    assert isinstance(later.sign_in("老板", PASSWORD, HERE), SignedIn)
    assert b"m=16,t=2" in b"".join(one.read_bytes() for one in path.parent.iterdir())
    assert isinstance(later.sign_in("老板", PASSWORD, HERE), SignedIn)
    database.close()
