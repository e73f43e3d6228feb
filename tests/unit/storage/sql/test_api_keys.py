"""Keys of programs: shown once, kept as hashes, ended at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from qianmian.errors import InputError
from qianmian.storage.sql.api_keys import KEY_ROLES, USED_EVERY_MS, ApiKeyStore
from qianmian.storage.sql.audit import Actor, AuditTrail
from qianmian.storage.sql.database import Database
from tests.fakes.clock import FakeClock

BY = Actor("account", "a1", "老板")


@pytest.fixture
def keys(database: Database, clock: FakeClock) -> ApiKeyStore:
    return ApiKeyStore(database, clock)


@pytest.mark.parametrize("role", KEY_ROLES)
def test_a_key_is_found_by_itself_and_by_no_other_text(keys: ApiKeyStore, role: str) -> None:
    made, secret = keys.create("ERP", role, by=BY)
    found = keys.by_key(secret)
    assert found is not None
    assert (found.id, found.name, found.role) == (made.id, "ERP", role)
    for other in (
        "",
        "x",
        secret + "x",
        secret[:-1],
        made.prefix,
        f"{made.prefix}_",
        secret.upper(),
    ):
        assert keys.by_key(other) is None, other


def test_a_key_cannot_be_an_owner_or_a_host(keys: ApiKeyStore) -> None:
    for role in ("owner", "host", "god", ""):
        with pytest.raises(InputError, match="cannot be"):
            keys.create("ERP", role, by=BY)
    with pytest.raises(InputError, match="name"):
        keys.create(" ", "lead", by=BY)


def test_a_revoked_key_is_none_at_once(keys: ApiKeyStore, database: Database) -> None:
    made, secret = keys.create("ERP", "reader", by=BY)
    assert keys.revoke(made.id, by=BY)
    assert not keys.revoke(made.id, by=BY)
    assert not keys.revoke("nothing", by=BY)
    assert keys.by_key(secret) is None
    assert keys.all()[0].revoked_at is not None
    actions = [one.action for one in AuditTrail(database, FakeClock()).read()]
    assert actions == ["api_key.revoked", "api_key.created"]


def test_when_a_key_was_used_is_known_to_the_minute(
    keys: ApiKeyStore, clock: FakeClock, database: Database
) -> None:
    _, secret = keys.create("ERP", "reader", by=BY)
    assert keys.all()[0].used_at is None
    first = clock()
    keys.by_key(secret)
    clock.pass_ms(USED_EVERY_MS - 1)
    keys.by_key(secret)
    assert keys.all()[0].used_at == first
    clock.pass_ms(1)
    keys.by_key(secret)
    assert keys.all()[0].used_at == clock()


def test_the_secret_is_kept_nowhere(keys: ApiKeyStore, tmp_path: Path) -> None:
    _, secret = keys.create("ERP", "reader", by=BY)
    files = [one for one in tmp_path.rglob("*") if one.is_file()]
    assert not any(secret.split("_", 2)[2].encode() in one.read_bytes() for one in files)
