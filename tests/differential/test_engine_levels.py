"""What the engine reads of tags and segments is what the oracle finds, however it is dealt out."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from random import Random

import pytest

from qianmian.columns.batch import EventBatch
from qianmian.errors import UnknownName
from qianmian.language.definition import Definition
from qianmian.language.parse import parse_definition
from tests.differential.engine_runs import core, rows_of
from tests.oracle.generate import random_definitions, random_messages
from tests.oracle.levels import Held, held_at
from tests.oracle.run import Message

SEEDS = range(15)
FIXED = (
    ("liker", "count(liked) within 10s >= 1", "tag"),
    ("stays", "in room for 20s", "tag"),
    ("quiet", "in room for 5s and no (liked or comment_sent) this visit", "tag"),
    ("shown", 'not room.presenting == "p2" and product_viewed this visit', "segment"),
    ("both", "tag.liker and not in segment.shown", "segment"),
)


def world(seed: int) -> tuple[list[Definition], list[Message], list[int]]:
    """Random levels and messages, and instants at which they are looked at."""
    rng = Random(seed)
    definitions = [parse_definition(*given) for given in FIXED]
    made = [parse_definition(*given) for given in random_definitions(rng, 12)]
    definitions += [one for one in made if one.kind != "moment"]
    messages = random_messages(rng)
    first, last = messages[0][0], messages[-1][0] + 60_000
    seconds = {-(-rng.randint(first, last) // 1_000) * 1_000 for _ in range(12)}
    return definitions, messages, sorted(seconds)


def engine_held(
    definitions: list[Definition], messages: list[Message], instants: list[int], shards: int
) -> list[tuple[Held, dict[str, Counter[str]]]]:
    """By instant what each viewer holds, and what the rooms count of those present."""
    engine = core.Core(definitions, shards=shards)
    of_message, found, at = rows_of(messages), [], 0
    for instant in instants:
        start = at
        while at < len(messages) and messages[at][0] <= instant:
            at += 1
        rows = [row for several in of_message[start:at] for row in several]
        if rows:
            engine.run(EventBatch.from_rows(rows))
        engine.finish(instant)
        held: Held = {}
        counts: dict[str, Counter[str]] = {}
        for room in engine.names.rooms.snapshot():
            levels = engine.levels(room)
            counts[room] = Counter({key: one.present for key, one in levels.by_name.items()})
            counts[room]["*"] = levels.present
            for viewer in engine.names.viewers.snapshot():
                keys = engine.viewer_levels(room, viewer)
                if keys is not None:
                    held[room, viewer] = (engine.present(room, [viewer])[0], keys)
            live = [keys for (name, _), (_, keys) in held.items() if name == room]
            assert levels.live == len(live)
            for key, one in levels.by_name.items():
                assert one.live == sum(key in keys for keys in live)
                here = engine.level_holders(room, key, limit=1_000)
                assert len(here) == one.present
                assert set(here) == {
                    viewer
                    for (name, viewer), (is_here, keys) in held.items()
                    if name == room and is_here and key in keys
                }
                assert engine.level_holders(room, key, limit=1) == here[:1]
        found.append((held, counts))
    return found


@pytest.mark.parametrize("seed", SEEDS)
def test_who_holds_what_is_what_the_oracle_finds(seed: int) -> None:
    definitions, messages, instants = world(seed)
    wanted = held_at(definitions, messages, instants)
    got = engine_held(definitions, messages, instants, shards=(1, 3)[seed % 2])
    for instant, told, (held, counts) in zip(instants, wanted, got, strict=True):
        assert held == told, (seed, instant)
        for room, counted in counts.items():
            here = [keys for (name, _), (is_here, keys) in told.items() if name == room and is_here]
            again = Counter(key for keys in here for key in keys)
            assert counted["*"] == len(here)
            assert {key: n for key, n in counted.items() if n and key != "*"} == dict(again)


def test_the_worlds_hold_something_and_not_everything() -> None:
    """Otherwise the comparison above would say nothing."""
    seen: Counter[bool] = Counter()
    for seed in SEEDS:
        definitions, messages, instants = world(seed)
        for held in held_at(definitions, messages, instants):
            for _, keys in held.values():
                seen.update(f"{one.kind}.{one.key}" in keys for one in definitions)
    assert min(seen[True], seen[False]) > 200, seen


def test_who_is_not_known_is_told() -> None:
    engine = core.Core([parse_definition(*given) for given in FIXED])
    rows = [{"clock": 1_000_000, "type": "liked", "viewer": "v", "room": "r"}]
    engine.run(EventBatch.from_rows(rows))
    assert engine.viewer_levels("r", "nobody") is None
    assert engine.viewer_levels("elsewhere", "v") is None
    with pytest.raises(UnknownName, match="elsewhere"):
        engine.levels("elsewhere")
    with pytest.raises(UnknownName, match=r'Did you mean "tag\.liker"'):
        engine.level_holders("r", "tag.likker")


FOLLOWED = ("tag.liker", "tag.quiet", "segment.shown", "segment.both")
Plain = tuple[int, str, str, str, bool]


def moves_of_oracle(definitions: list[Definition], messages: list[Message]) -> list[Plain]:
    """What differs from one whole second to the next."""
    first, last = messages[0][0] // 1_000 * 1_000, messages[-1][0] // 1_000 * 1_000 + 60_000
    seconds = list(range(first, last + 1_000, 1_000))
    found: list[Plain] = []
    before: dict[tuple[str, str], frozenset[str]] = {}
    for second, held in zip(seconds, held_at(definitions, messages, seconds), strict=True):
        now = {place: keys.intersection(FOLLOWED) for place, (_, keys) in held.items()}
        for place in before.keys() | now.keys():
            old, new = before.get(place, frozenset()), now.get(place, frozenset())
            found += [(second, *place, key, key in new) for key in old ^ new]
        before = now
    return sorted(found)


def moves_of_engine(
    definitions: list[Definition], messages: list[Message], *, seed: int, shards: int
) -> list[Plain]:
    """The same, in calls that are cut anywhere, around snapshots and an edit of something else."""
    rng = Random(seed)
    engine = core.Core(definitions, shards=shards)
    engine.follow(FOLLOWED)
    found, of_message = [], rows_of(messages)
    cuts = sorted({0, *(rng.randrange(len(messages)) for _ in range(seed % 9)), len(messages)})
    for start, end in pairwise(cuts):
        rows = [row for several in of_message[start:end] for row in several]
        if rows:
            engine.run(EventBatch.from_rows(rows))
        engine.advance(messages[end - 1][0])
        if seed % 3 == 0:
            found += engine.take_moves()
        if seed % 2:
            engine = core.Core.restore(engine.snapshot())
        if seed % 5 == 0:
            engine.change([*definitions, OTHER, *MORE][:: 1 if start else -1], engine.clock)
    engine.advance(messages[-1][0] // 1_000 * 1_000 + 60_001)
    found += engine.take_moves()
    return [tuple(move) for move in found]


OTHER = parse_definition("other", "count(shared) within 3s >= 1", "tag")
MORE = [
    parse_definition(f"more_{n}", f"count(liked) within {n}s >= 1 and not tag.other", "tag")
    for n in range(1, 70)
]


@pytest.mark.parametrize("seed", range(20))
def test_who_enters_and_leaves_at_each_second_is_what_the_oracle_finds(seed: int) -> None:
    definitions, messages, _ = world(seed)
    wanted = moves_of_oracle(definitions, messages)
    assert len(wanted) > 5
    got = moves_of_engine(definitions, messages, seed=seed, shards=(1, 3)[seed % 2])
    assert got == wanted


@pytest.mark.parametrize("seed", range(12))
def test_who_held_it_before_it_was_watched_has_not_entered_and_no_other_move_is_lost(
    seed: int,
) -> None:
    definitions, messages, _ = world(seed)
    engine = core.Core(definitions, shards=(1, 3)[seed % 2])
    engine.follow(FOLLOWED[:2])
    of_message, cut = rows_of(messages), len(messages) // 3
    begin: int | None = None
    for some in (of_message[:cut], of_message[cut:]):
        engine.run(EventBatch.from_rows([row for several in some for row in several]))
        if begin is None:
            assert engine.second is not None
            begin = engine.second + 1_000
            engine.turn_to(FOLLOWED)
            if seed % 3 == 0:
                engine = core.Core.restore(engine.snapshot())
    end = messages[-1][0] // 1_000 * 1_000 + 60_001
    engine.advance(end)
    got = [tuple(move) for move in engine.take_moves()]
    assert begin is not None
    everything = moves_of_oracle(definitions, messages)
    wanted = [one for one in everything if one[3] in FOLLOWED[:2] or one[0] > begin]
    assert got == wanted
    assert len(wanted) < len(everything)
    engine.turn_to(())
    engine.advance(end + 10_000)
    assert engine.take_moves() == []
    assert not engine.moves.is_on


def test_what_comes_and_goes_within_a_second_is_no_move() -> None:
    engine = core.Core([parse_definition("brief", "count(liked) within 100ms >= 1", "tag")])
    engine.follow(["tag.brief"])
    rows = [{"clock": 1_000_100, "type": "liked", "viewer": "v", "room": "r"}]
    rows += [{**rows[0], "clock": 1_000_950, "message_id": "two"}]
    engine.run(EventBatch.from_rows(rows[:1]))
    engine.run(EventBatch.from_rows(rows[1:]))
    engine.advance(1_003_000)
    assert [tuple(one) for one in engine.take_moves()] == [
        (1_001_000, "r", "v", "tag.brief", True),
        (1_002_000, "r", "v", "tag.brief", False),
    ]
    assert engine.take_moves() == []
    with pytest.raises(UnknownName, match=r'Did you mean "tag\.brief"'):
        engine.follow(["tag.brieff"])
