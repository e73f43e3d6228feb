"""Accounts by invitation: roles, resets, ends; and an owner always stays."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from qianmian.errors import InputError
from qianmian.storage.sql.accounts import AccountStore, SignedIn
from qianmian.storage.sql.audit import Actor, AuditTrail
from qianmian.storage.sql.database import Database
from qianmian.storage.sql.staff import LINK_MS, Staff
from tests.fakes.clock import FakeClock

QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
PASSWORD, OTHER = "correct horse", "battery staple"
HERE = "203.0.113.7"


@pytest.fixture
def accounts(database: Database, clock: FakeClock) -> AccountStore:
    return AccountStore(database, clock, QUICK)


@pytest.fixture
def staff(database: Database, accounts: AccountStore, clock: FakeClock) -> Staff:
    return Staff(database, accounts, clock)


@pytest.fixture
def owner(accounts: AccountStore) -> SignedIn:
    token = accounts.first_account_token()
    assert token is not None
    made = accounts.create_first(token, "老板", PASSWORD)
    assert made is not None
    return made


@pytest.fixture
def by(owner: SignedIn) -> Actor:
    return owner.account.actor


def joined(staff: Staff, by: Actor, role: str, name: str) -> SignedIn:
    made = staff.accept(staff.invite(role, by=by).token, name, PASSWORD)
    assert isinstance(made, SignedIn)
    return made


def test_a_link_makes_one_account_of_its_role(
    staff: Staff, accounts: AccountStore, clock: FakeClock, by: Actor
) -> None:
    link = staff.invite("operator", by=by)
    assert staff.link_of(link.token) == ("operator", None)
    clock.pass_ms(1)
    made = staff.accept(link.token, "小李", PASSWORD)
    assert isinstance(made, SignedIn)
    assert made.account.role == "operator"
    assert accounts.session(made.token) == made
    assert staff.link_of(link.token) is None
    assert staff.accept(link.token, "小王", PASSWORD) == "link"
    assert [one.account.name for one in staff.all()] == ["老板", "小李"]


def test_a_link_ends_by_itself_and_no_other_text_is_one(
    staff: Staff, clock: FakeClock, by: Actor
) -> None:
    link = staff.invite("reader", by=by)
    for wrong in ("", "x", link.token + "x", link.token[:-1]):
        assert staff.accept(wrong, "li", PASSWORD) == "link"
        assert staff.link_of(wrong) is None
    clock.pass_ms(LINK_MS)
    assert staff.link_of(link.token) is None
    assert staff.accept(link.token, "li", PASSWORD) == "link"


def test_what_cannot_be_does_not_use_a_link_up(staff: Staff, by: Actor) -> None:
    link = staff.invite("reader", by=by)
    with pytest.raises(InputError):
        staff.accept(link.token, "li", "short")
    assert staff.accept(link.token, "老板", PASSWORD) == "name_taken"
    assert isinstance(staff.accept(link.token, "li", PASSWORD), SignedIn)
    with pytest.raises(InputError, match="no role"):
        staff.invite("god", by=by)


def test_tokens_are_kept_as_hashes(staff: Staff, by: Actor, tmp_path: Path) -> None:
    token = staff.invite("reader", by=by).token
    files = [one for one in tmp_path.rglob("*") if one.is_file()]
    assert not any(token.encode() in one.read_bytes() for one in files)


def test_a_reset_sets_a_new_password_and_ends_the_sessions(
    staff: Staff, accounts: AccountStore, by: Actor
) -> None:
    li = joined(staff, by, "operator", "li")
    link = staff.reset(li.account.id, by=by)
    assert link is not None
    assert staff.link_of(link.token) == ("operator", "li")
    assert staff.accept(link.token, "wu", OTHER) == "name_taken", "it is li's link"
    again = staff.accept(link.token, "li", OTHER)
    assert isinstance(again, SignedIn)
    assert accounts.session(li.token) is None
    assert accounts.session(again.token) is not None
    assert not isinstance(accounts.sign_in("li", PASSWORD, HERE), SignedIn)
    assert isinstance(accounts.sign_in("li", OTHER, HERE), SignedIn)
    assert staff.reset("nobody", by=by) is None


def test_a_role_changes_from_the_next_request_on(
    staff: Staff, accounts: AccountStore, by: Actor
) -> None:
    li = joined(staff, by, "operator", "li")
    assert staff.change(li.account.id, role="lead", by=by, reason="升职") == "done"
    session = accounts.session(li.token)
    assert session is not None
    assert session.account.role == "lead"
    assert staff.change("nobody", role="lead", by=by) == "unknown"
    with pytest.raises(InputError, match="no role"):
        staff.change(li.account.id, role="god", by=by)


def test_an_account_that_is_ended_is_out_at_once_and_can_come_back(
    staff: Staff, accounts: AccountStore, by: Actor
) -> None:
    li = joined(staff, by, "operator", "li")
    link = staff.reset(li.account.id, by=by)
    assert link is not None
    assert staff.change(li.account.id, disabled=True, by=by) == "done"
    assert accounts.session(li.token) is None
    assert not isinstance(accounts.sign_in("li", PASSWORD, HERE), SignedIn)
    assert staff.link_of(link.token) is None
    assert staff.accept(link.token, "li", OTHER) == "link"
    assert staff.reset(li.account.id, by=by) is None
    assert staff.change(li.account.id, disabled=False, by=by) == "done"
    assert isinstance(accounts.sign_in("li", PASSWORD, HERE), SignedIn)


def test_the_last_owner_stays(staff: Staff, accounts: AccountStore, owner: SignedIn) -> None:
    by, mine = owner.account.actor, owner.account.id
    assert staff.change(mine, role="lead", by=by) == "last_owner"
    assert staff.change(mine, disabled=True, by=by) == "last_owner"
    assert accounts.session(owner.token) is not None
    wu = joined(staff, by, "owner", "wu")
    assert staff.change(wu.account.id, disabled=True, by=by) == "done"
    assert staff.change(mine, disabled=True, by=by) == "last_owner", "wu cannot sign in"
    assert staff.change(wu.account.id, disabled=False, by=by) == "done"
    assert staff.change(mine, role="reader", disabled=True, by=by) == "done"
    assert staff.change(wu.account.id, role="lead", by=wu.account.actor) == "last_owner"


def test_two_owners_who_end_each_other_at_once_do_not_both_succeed(
    staff: Staff, owner: SignedIn
) -> None:
    by = owner.account.actor
    wu = joined(staff, by, "owner", "wu")
    found: list[str] = []
    ready = threading.Barrier(2)

    def end(other: str) -> None:
        ready.wait()
        found.append(staff.change(other, disabled=True, by=by))

    threads = [
        threading.Thread(target=end, args=(one,)) for one in (owner.account.id, wu.account.id)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == ["done", "last_owner"]


def test_everything_is_in_the_audit_and_no_secret_is(
    staff: Staff, database: Database, clock: FakeClock, by: Actor
) -> None:
    li = joined(staff, by, "operator", "li")
    staff.change(li.account.id, role="lead", by=by, reason="升职")
    link = staff.reset(li.account.id, by=by)
    assert link is not None
    staff.accept(link.token, "li", OTHER)
    staff.change(li.account.id, disabled=True, by=by)
    staff.change(li.account.id, disabled=False, by=by)
    rows = AuditTrail(database, clock).read()
    assert [one.action for one in reversed(rows)] == [
        "account.created",
        "account.invited",
        "account.created",
        "account.role",
        "account.reset",
        "account.password",
        "account.disabled",
        "account.enabled",
    ]
    changed = next(one for one in rows if one.action == "account.role")
    assert changed.before == {"name": "li", "role": "operator"}
    assert changed.after == {"name": "li", "role": "lead"}
    assert (changed.actor, changed.reason) == (by, "升职")
    assert not any(link.token in repr(one) or PASSWORD in repr(one) for one in rows)
