"""Sources and write keys: made once, shown once, kept as hashes, followed by other processes."""

from __future__ import annotations

import hmac
from pathlib import Path
from typing import Any

import pytest

from qianmian.errors import InputError, OperationalError, UnknownName
from qianmian.runtime.sources import Source, SourceLimits
from qianmian.storage.sql.database import Database
from qianmian.storage.sql.sources import SourceStore, prefix_of
from qianmian.vocabulary.events import SENDERS, Sender
from tests.fakes.clock import FakeClock

SITE = Source("site", "browser")


@pytest.fixture
def store(database: Database, clock: FakeClock) -> SourceStore:
    return SourceStore(database, clock)


@pytest.mark.parametrize("key_class", SENDERS)
def test_a_key_leads_to_its_source_and_no_other_text_does(
    store: SourceStore, key_class: Sender
) -> None:
    record, key = store.create(Source("one", key_class, default_room="r1", presence=True))
    found = store.by_key(key)
    assert found is not None
    assert found.key_id == record.keys[0].id
    assert (found.name, found.key_class, found.default_room, found.presence) == (
        "one",
        key_class,
        "r1",
        True,
    )
    assert key.startswith(f"qm{key_class[0]}_")
    for other in (
        "",
        "x",
        key[:-1],
        key + "x",
        key.upper(),
        prefix_of(key),
        f"{prefix_of(key)}_",
        "_" * 9,
    ):
        assert store.by_key(other) is None, other


def test_keys_have_256_random_bits_and_are_kept_as_hashes(store: SourceStore, path: Path) -> None:
    _, key = store.create(SITE)
    _, other = store.add_key("site")
    secrets = [one.split("_", 2)[2] for one in (key, other)]
    assert len(set(secrets)) == 2
    assert all(len(secret) == 43 for secret in secrets)
    files = b"".join(one.read_bytes() for one in path.parent.iterdir())
    assert prefix_of(key).encode() in files
    assert not any(secret.encode() in files for secret in secrets)


def test_a_key_is_compared_as_a_whole_hash(
    store: SourceStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, key = store.create(SITE)
    compared: list[tuple[int, int]] = []

    def compare(a: bytes, b: bytes) -> bool:
        compared.append((len(a), len(b)))
        return a == b

    monkeypatch.setattr(hmac, "compare_digest", compare)
    for text in (key, key[:-1] + "x", "nothing"):
        store.by_key(text)
    assert compared == [(32, 32)] * 3, "an unknown key costs the same"


def test_a_revoked_key_ends_and_the_others_stay(store: SourceStore) -> None:
    record, key = store.create(SITE)
    _, other = store.add_key("site")
    assert store.revoke("site", record.keys[0].id)
    assert not store.revoke("site", record.keys[0].id), "already"
    assert store.by_key(key) is None
    assert store.by_key(other) is not None
    kept = {one.id: one.revoked_at for one in store.all()[0].keys}
    assert kept[record.keys[0].id] == FakeClock().now


def test_another_process_is_noticed_within_a_second(
    store: SourceStore, path: Path, clock: FakeClock
) -> None:
    record, key = store.create(SITE)
    assert store.by_key(key)
    elsewhere = Database.in_file(path)
    SourceStore(elsewhere, clock).revoke("site", record.keys[0].id)
    clock.pass_ms(999)
    assert store.by_key(key), "not looked yet"
    clock.pass_ms(1)
    assert store.by_key(key) is None
    elsewhere.close()


def test_nothing_is_read_while_nothing_changes(store: SourceStore, clock: FakeClock) -> None:
    _, key = store.create(SITE)
    store.by_key(key)
    before = store._by_prefix
    clock.pass_ms(5_000)
    store.by_key(key)
    assert store._by_prefix is before


def test_a_database_that_fails_later_does_not_shut_the_door(path: Path, clock: FakeClock) -> None:
    database = Database.in_file(path).migrated()
    store = SourceStore(database, clock)
    _, key = store.create(SITE)
    assert store.by_key(key)
    database.close()
    for file in path.parent.iterdir():
        file.write_bytes(b"broken" * 1_000)
    clock.pass_ms(10_000)
    assert store.by_key(key), "what was known holds"
    with pytest.raises(OperationalError):
        SourceStore(database, clock).by_key(key)
    database.close()


def test_fields_can_be_changed_but_not_name_or_class(store: SourceStore) -> None:
    _, key = store.create(SITE)
    store.change(
        "site",
        origins=("https://shop.example",),
        accept_own_anonymous_ids=False,
        limits=SourceLimits(events_per_second=5),
    )
    found = store.by_key(key)
    assert found is not None
    assert (found.origins, found.accept_own_anonymous_ids) == (("https://shop.example",), False)
    assert found.limits.events_per_second == 5
    for field in ("name", "key_class", "key_id"):
        fixed: dict[str, Any] = {field: "server"}
        with pytest.raises(InputError, match="cannot be changed"):
            store.change("site", **fixed)
    with pytest.raises(UnknownName, match='"site"'):
        store.change("sit", presence=True)


BAD = {
    "name": Source("Site", "browser"),
    "empty name": Source("", "browser"),
    "path": Source("a/b", "browser"),
    "class": Source("x", "admin"),  # type: ignore[arg-type]
    "namespace": Source("x", "browser", namespace="A B"),
    "room": Source("x", "browser", default_room=""),
    "origin": Source("x", "browser", origins=("shop.example",)),
    "origin with a path": Source("x", "browser", origins=("https://shop.example/",)),
    "mapping": Source("x", "connector", mapping="x" * 70_000),
    "limit": Source("x", "browser", limits=SourceLimits(events_per_second=0)),
}


@pytest.mark.parametrize("name", BAD)
def test_a_source_that_cannot_be_is_refused(store: SourceStore, name: str) -> None:
    with pytest.raises(InputError):
        store.create(BAD[name])
    assert store.all() == []


def test_a_name_is_taken_once(store: SourceStore) -> None:
    store.create(SITE)
    with pytest.raises(InputError, match="already"):
        store.create(SITE)
    with pytest.raises(UnknownName):
        store.add_key("nobody")
