"""Links to a room: shown once, kept as hashes, of one room and kind, ended in time and at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from qianmian.errors import InputError
from qianmian.storage.sql.audit import Actor, AuditTrail
from qianmian.storage.sql.database import Database
from qianmian.storage.sql.room_links import (
    LINK_KINDS,
    LONGEST_MS,
    MOST_OF_A_ROOM,
    OPENED_EVERY_MS,
    LinkKind,
    RoomLinkStore,
)
from qianmian.vocabulary.time import DAY_MS
from tests.fakes.clock import FakeClock

BY = Actor("account", "a1", "场控")


@pytest.fixture
def links(database: Database, clock: FakeClock) -> RoomLinkStore:
    return RoomLinkStore(database, clock)


@pytest.mark.parametrize("kind", LINK_KINDS)
def test_a_link_is_found_by_its_secret_and_by_no_other_text(
    links: RoomLinkStore, kind: LinkKind
) -> None:
    made, secret = links.create("r1", kind, by=BY)
    other, theirs = links.create("r2", kind, by=BY)
    assert links.by_secret(secret) == made
    assert (made.room, made.kind, made.created_by) == ("r1", kind, "场控")
    crossed = f"qml_{made.id}_{theirs.split('_', 2)[2]}"
    texts = ("", "x", f"{secret}x", secret[:-1], f"qml_{made.id}_", crossed, secret.upper())
    for text in (*texts, secret.replace("qml", "qmm", 1)):
        assert links.by_secret(text) is None, text
    assert links.of("r1") == [made]
    assert links.of("r2") == [other]


def test_it_ends_in_time_and_not_before(links: RoomLinkStore, clock: FakeClock) -> None:
    made, secret = links.create("r1", "host", by=BY)
    assert made.expires_at == clock() + DAY_MS
    clock.pass_ms(DAY_MS - 1)
    assert links.by_secret(secret) == made
    clock.pass_ms(1)
    assert links.by_secret(secret) is None
    assert links.open(secret) is None
    assert links.of("r1") == []
    assert not links.revoke("r1", made.id, by=BY)


def test_a_revoked_one_is_none_at_once_and_only_its_own_room_ends_it(
    links: RoomLinkStore, database: Database, clock: FakeClock
) -> None:
    made, secret = links.create("r1", "host", by=BY)
    _, staying = links.create("r1", "overlay", by=BY)
    assert not links.revoke("r2", made.id, by=BY)
    assert links.open(secret) is not None
    assert links.revoke("r1", made.id, by=BY)
    assert not links.revoke("r1", made.id, by=BY)
    assert links.by_secret(secret) is None
    assert links.by_secret(staying) is not None
    told = [(one.action, one.actor.kind) for one in AuditTrail(database, clock).read()]
    made_it = ("room_link.created", "account")
    assert told == [("room_link.revoked", "account"), ("room_link.opened", "link"), *[made_it] * 2]


def test_a_page_that_loads_again_and_again_is_told_once_a_minute(
    links: RoomLinkStore, database: Database, clock: FakeClock
) -> None:
    _, secret = links.create("r1", "host", by=BY)
    for _ in range(3):
        links.open(secret)
        clock.pass_ms(OPENED_EVERY_MS // 2)
    told = [one.action for one in AuditTrail(database, clock).read()]
    assert told.count("room_link.opened") == 2


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"room": ""}, "no id"),
        ({"kind": "owner"}, "one of"),
        ({"holds_ms": 0}, "at most"),
        ({"holds_ms": LONGEST_MS + 1}, "at most"),
    ],
)
def test_what_cannot_be_a_link_is_none(
    links: RoomLinkStore, given: dict[str, Any], why: str
) -> None:
    with pytest.raises(InputError, match=why):
        links.create(**{"room": "r1", "kind": "host", "by": BY, **given})


def test_a_room_has_a_number_of_links_that_people_can_keep_apart(
    links: RoomLinkStore, clock: FakeClock
) -> None:
    for _ in range(MOST_OF_A_ROOM):
        links.create("r1", "host", by=BY)
    with pytest.raises(InputError, match="revoke one"):
        links.create("r1", "host", by=BY)
    links.create("r2", "host", by=BY)
    clock.pass_ms(DAY_MS)
    links.create("r1", "host", by=BY)


def test_the_secret_is_kept_nowhere(links: RoomLinkStore, tmp_path: Path) -> None:
    _, secret = links.create("r1", "host", by=BY)
    links.open(secret)
    files = [one for one in tmp_path.rglob("*") if one.is_file()]
    assert files
    assert not any(secret.split("_", 2)[2].encode() in one.read_bytes() for one in files)
