"""Whose word counts: engine, oracle, history, facts and profiles say the same of every trait.

Sources, instants that are equal, words that come late, two devices, and a link to the known one.
"""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any, Final

import pytest

from qianmian.columns.facts import Facts
from qianmian.language.parse import parse
from qianmian.profiles.profile import profile_of
from qianmian.storage.history_reader.facts_build import build_facts
from qianmian.storage.history_reader.reader import HistoryReader
from qianmian.vocabulary.origins import ORIGINS
from tests.differential.history_worlds import START, engine_holds, oracle_holds
from tests.differential.test_history_facts import BOUNDARY

VALUES: Final = range(4)
LEVELS: Final = [f"trait.level == {one}" for one in VALUES]
STEP: Final = 1_000


def told_row(rng: Random, clock: int, number: int) -> dict[str, Any]:
    """A word of one of three ids, of now or of some seconds ago."""
    who = rng.choice(({"viewer": "u1"}, {"viewer": "u2"}, {"anonymous_id": "x1"}))
    source = rng.choice((*ORIGINS, None, "somebody"))
    return {
        **who,
        **({"properties": f'{{"trait_origin":"{source}"}}'} if source else {}),
        "type": "profile_updated",
        "traits": {"level": rng.choice(VALUES)},
        "event_time": clock - rng.choice((0, 0, 1, 2)) * STEP,
        "message_id": f"t{number}",
    }


def world(rng: Random) -> list[Any]:
    """Everybody is there; words, three of which come with each message; perhaps the link."""
    ids: list[dict[str, str]] = [{"viewer": "u1"}, {"viewer": "u2"}, {"anonymous_id": "x1"}]
    there = [
        {**one, "type": "room_entered", "room": "r1", "message_id": f"in{k}"}
        for k, one in enumerate(ids)
    ]
    log: list[Any] = [(START, there)]
    linked_at = rng.choice((0, 3, 6, 9))
    for number in range(1, 8):
        clock = START + 10 * STEP + number * STEP
        rows = [told_row(rng, clock, 3 * number + k) for k in range(3)]
        if number > linked_at > 0:
            rows = [row for row in rows if "anonymous_id" not in row]
        log.append((clock, rows))
        if number == linked_at:
            log.append((clock, "merge", "x1", "u1"))
    end = log[-1][0] + 20 * STEP
    probes = [
        {**one, "type": "shared", "room": "r1", "message_id": f"out{k}"}
        for k, one in enumerate(ids)
        if not ("anonymous_id" in one and 0 < linked_at < 8)
    ]
    return [*log, (end, probes)]


def persons_of(log: list[Any]) -> dict[str, list[dict[str, Any]]]:
    """The words of each person in the order in which the profile reads them."""
    is_linked = any(one[1] == "merge" for one in log)
    theirs: dict[str, list[dict[str, Any]]] = {"?x1": [], "u1": [], "u2": []}
    for clock, rows, *_ in log:
        for row in rows if isinstance(rows, list) else ():
            if row["type"] == "profile_updated":
                who = row.get("viewer") or f"?{row['anonymous_id']}"
                theirs[who].append({**row, "clock": clock})
    if is_linked:  # of equal instants what the device brings stands before
        theirs["u1"] = [*theirs.pop("?x1"), *theirs["u1"]]
    return theirs


@pytest.mark.parametrize("seed", range(40))
def test_all_readers_follow_one_rule(seed: int, tmp_path: Path) -> None:
    log = world(Random(seed))
    said, history = engine_holds(LEVELS, [], log, tmp_path)
    assert said == oracle_holds(LEVELS, [], log)
    wanted: dict[str, set[tuple[str, str]]] = {text: set() for text in LEVELS}
    for who, rows in persons_of(log).items():
        basic = profile_of(rows).basic
        if "level" in basic:
            wanted[f"trait.level == {basic['level'].value}"].add((who, "r1"))
    assert said == wanted
    del history
    reader = HistoryReader(tmp_path)
    for text in LEVELS:
        found = reader.viewers_of(parse(text), log[-1][0])
        assert {(one, "r1") for one in found} == said[text], text
    facts = Facts(build_facts(reader, map(parse, LEVELS), BOUNDARY))
    for known in facts.viewers():
        level = profile_of(persons_of(log)[known.viewer]).basic.get("level")
        if level is not None:
            assert known.traits["level"] == level.value
            assert known.rank("level") == len(ORIGINS) - 1 - ORIGINS.index(level.origin)
    reader.close()
