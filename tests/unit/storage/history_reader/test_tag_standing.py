"""How a tag stands in history is what a plain recount of the events says, now and a day before."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from qianmian.language.evidence import perhaps
from qianmian.language.parse import parse
from qianmian.storage.history_reader.answers import TagAsked
from qianmian.storage.history_reader.reader import HistoryReader
from qianmian.storage.history_reader.tag_standing import tag_standings
from qianmian.tags.health import TagStanding
from qianmian.vocabulary.time import DAY_MS, HOUR_MS
from tests.unit.storage.history_reader.histories import START, Writer

SPAN = 3 * DAY_MS


def asked(text: str) -> TagAsked:
    return TagAsked(parse(text), perhaps(parse(text)))


@pytest.mark.parametrize("seed", range(3))
def test_standings_are_a_recount(tmp_path: Path, seed: int) -> None:
    random = Random(seed)
    happened = sorted(
        (random.randrange(SPAN), f"v{random.randrange(40)}", random.random() < 0.2)
        for _ in range(400)
    )
    writer = Writer(tmp_path)
    ages: dict[str, list[tuple[int, int]]] = {}
    likes: dict[str, list[int]] = {}
    for at, viewer, tells in happened:
        if tells:
            age = random.randrange(60)
            writer.add(at, "profile_updated", viewer, traits={"age": age})
            ages.setdefault(viewer, []).append((at, age))
        else:
            writer.add(at, "liked", viewer, room="r")
            likes.setdefault(viewer, []).append(at)
    writer.flush()
    last = happened[-1][0]

    def often(viewer: str, now: int) -> bool:
        return sum(now - 6 * HOUR_MS < at <= now for at in likes.get(viewer, ())) >= 1

    def old(viewer: str, now: int) -> bool | None:
        told = [age for at, age in ages.get(viewer, ()) if at <= now]
        return told[-1] >= 30 if told else None

    found = tag_standings(
        HistoryReader(tmp_path),
        {"often": asked("count(liked) within 6h >= 1"), "old": asked("trait.age >= 30")},
    )
    everybody = {viewer for _, viewer, _ in happened}
    before = {viewer for at, viewer, _ in happened if at <= last - DAY_MS}
    for key, holds in (("often", often), ("old", old)):
        now = {one for one in everybody if holds(one, last)}
        then = {one for one in before if holds(one, last - DAY_MS)}
        assert found[key] == TagStanding(
            START + last,
            total=len(everybody),
            yes=len(now),
            unknown=sum(holds(one, last) is None for one in everybody),
            either=len((now | then) & before),
            both=len(now & then),
        )
        assert now
        assert then


def test_what_history_cannot_say_has_no_standing(tmp_path: Path) -> None:
    writer = Writer(tmp_path)
    writer.add(0, "liked", "v1", room="r")
    writer.flush()
    found = tag_standings(
        HistoryReader(tmp_path),
        {"here": asked("count(liked) this visit >= 1"), "liked": asked("liked ever")},
    )
    assert found["here"] is None
    assert found["liked"] == TagStanding(START, 1, 1, 0, 0, 0)
