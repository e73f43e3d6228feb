"""Whom a channel reaches: consents and addresses of random people, folded again in plain Python."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import pytest

from qianmian.language.parse import parse
from qianmian.storage.history_reader.preview import preview
from qianmian.storage.history_reader.reader import HistoryReader
from qianmian.vocabulary.consent import (
    EVERY_CHANNEL,
    MARKETING,
    NOTHING_SAID,
    Consent,
    Consents,
    may,
    told,
)
from tests.unit.storage.history_reader.histories import START, Writer

OUTSIDE = ("push", "sms", "wechat", "email")
ADDRESSES = {
    "push": ("push_id", "has_push"),
    "sms": ("phone", "has_phone"),
    "wechat": ("wechat_id", "wechat_openid", "has_wechat"),
    "email": ("email", "has_email"),
}
LATER = START + 1_000_000
VIEWERS = tuple(f"v{k}" for k in range(12))


def reached(folder: Path, text: str = "count(liked) ever >= 1") -> dict[str, int]:
    reader = HistoryReader(folder)
    try:
        found = preview(reader, parse(text), LATER)
        return {channel: count for channel, count in found.reach.items() if count}
    finally:
        reader.close()


class Person:
    """What deciding would say: the fold of `vocabulary.consent`."""

    def __init__(self) -> None:
        self.said: Consents = NOTHING_SAID
        self.told: dict[str, Any] = {}

    def hear(self, at: int, type_: str, fields: dict[str, Any]) -> None:
        thing = (fields.get("purpose", MARKETING), fields.get("channel", EVERY_CHANNEL))
        if type_ == "profile_updated":
            self.told |= fields["traits"]
        else:
            new = Consent(at, at, granted=bool(fields.get("granted", 0)))
            self.said = told(self.said, thing, new)

    def reach(self) -> set[str]:
        addressed = {one for one in OUTSIDE if any(map(self.told.get, ADDRESSES[one]))}
        return {one for one in {"in_room", *addressed} if may(self.said, MARKETING, one)}


def act(rng: Random) -> tuple[str, dict[str, Any]]:
    channel = rng.choice([*OUTSIDE, "in_room"]) if rng.random() < 0.9 else None
    fields: dict[str, Any] = {} if channel is None else {"channel": channel}
    kind = rng.choice((*["consent_changed"] * 4, *["profile_updated"] * 2, "unsubscribed"))
    if kind == "profile_updated":
        name = rng.choice([name for names in ADDRESSES.values() for name in names])
        value = rng.choice((True, False)) if name.startswith("has_") else rng.choice(("x", "", "y"))
        return kind, {"traits": {name: value}}
    if kind == "consent_changed":
        purpose = rng.choice((MARKETING, MARKETING, MARKETING, "share"))
        fields |= {"purpose": purpose, "granted": int(rng.random() < 0.7)}
    return kind, fields


@pytest.mark.parametrize("seed", range(6))
def test_whom_a_channel_reaches_is_what_a_fold_of_their_answers_says(
    tmp_path: Path, seed: int
) -> None:
    rng, people = Random(seed), {name: Person() for name in VIEWERS}
    writer = Writer(tmp_path)
    for at, name in enumerate(VIEWERS):
        writer.add(at, "liked", name, room="r")
    for at in range(20, 300):
        name = rng.choice(VIEWERS)
        kind, fields = act(rng)
        writer.add(at, kind, name, **fields)
        people[name].hear(at, kind, fields)
        if rng.random() < 0.02:
            writer.flush()
    writer.flush()
    expected = Counter(channel for one in people.values() for channel in one.reach())
    assert reached(tmp_path) == dict(expected)
    assert len(expected) >= 3  # some are reached, and never everybody
    assert max(expected.values()) < len(VIEWERS)


def test_nothing_known_is_the_room_and_no_other_channel(tmp_path: Path) -> None:
    writer = Writer(tmp_path)
    writer.add(0, "liked", "a", room="r")
    writer.add(1, "profile_updated", "a", traits={"phone": "123", "push_id": "x"})
    writer.flush()
    assert reached(tmp_path) == {"in_room": 1}


def test_what_was_answered_before_the_link_is_the_known_persons(tmp_path: Path) -> None:
    writer = Writer(tmp_path)
    writer.add(0, "liked", "?x", room="r")
    writer.add(1, "consent_changed", "?x", purpose=MARKETING, channel="sms", granted=1)
    writer.flush()
    assert reached(tmp_path) == {"in_room": 1}
    writer.add(2, "identity_linked", "k", anonymous_id="x")
    writer.add(3, "profile_updated", "k", traits={"has_phone": True})
    writer.flush()
    assert reached(tmp_path) == {"in_room": 1, "sms": 1}


def test_it_is_kept_up_with_what_comes_later(tmp_path: Path) -> None:
    writer = Writer(tmp_path)
    writer.add(0, "liked", "a", room="r")
    writer.flush()
    reader = HistoryReader(tmp_path)
    try:
        expr = parse('count(shared where channel == "x") ever < 1')
        assert preview(reader, expr, LATER).reach["in_room"] == 1
        writer.add(1, "consent_changed", "a", purpose=MARKETING, granted=0)
        writer.flush()
        assert preview(reader, expr, LATER).reach["in_room"] == 0
    finally:
        reader.close()
