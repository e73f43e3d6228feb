"""History counts people, not ids: links in any order, links that are refused, links that end.

Random logs of links and likes are written piece by piece; after each piece the reader, which keeps
up, counts what a plain recount over the persons of that moment counts.
"""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import pytest

from qianmian.columns.facts import Facts
from qianmian.language.parse import parse
from qianmian.storage.history import History
from qianmian.storage.history_reader.facts_build import build_facts
from qianmian.storage.history_reader.preview import preview
from qianmian.storage.history_reader.reader import HistoryReader
from tests.differential.test_history_facts import BOUNDARY, written
from tests.oracle.people import Link, people

KNOWN = ("a", "b", "c", "d", "e")
UNKNOWN = ("v", "w", "x", "y", "z")
START = BOUNDARY - 3_600_000


def world(rng: Random, ends: float) -> list[dict[str, Any]]:
    """Likes and links; each comes some seconds after the one before."""
    rows: list[dict[str, Any]] = []
    for place in range(90):
        clock = START + place * 7_000
        if rng.random() < 0.7:
            who = rng.choice((*KNOWN, *UNKNOWN))
            name = "viewer" if who in KNOWN else "anonymous_id"
            rows.append({"type": "liked", "clock": clock, name: who, "room": "r"})
            continue
        kind = "identity_unlinked" if rng.random() < ends else "identity_linked"
        link = {"type": kind, "clock": clock, "viewer": rng.choice(KNOWN)}
        if rng.random() < 0.7:
            link["anonymous_id"] = rng.choice(UNKNOWN)
        else:
            link["linked_viewer"] = rng.choice(KNOWN)
        rows.append(link)
    return rows


def links_of(rows: list[dict[str, Any]]) -> list[Link]:
    return [
        (
            row["clock"],
            "?" + row["anonymous_id"] if "anonymous_id" in row else row["viewer"],
            row["viewer"] if "anonymous_id" in row else row["linked_viewer"],
            row["type"] == "identity_unlinked",
        )
        for row in rows
        if row["type"] != "liked"
    ]


def stands(rows: list[dict[str, Any]]) -> dict[str, str]:
    return {
        one: min(other for other in group if other[0] != "?")
        for one, group in people(links_of(rows)).items()
    }


def likes(rows: list[dict[str, Any]]) -> dict[str, int]:
    person, found = stands(rows), dict[str, int]()
    for row in rows:
        if row["type"] == "liked":
            who = row.get("viewer") or "?" + row["anonymous_id"]
            who = person.get(who, who)
            found[who] = found.get(who, 0) + 1
    return found


@pytest.mark.parametrize("ends", [0.0, 0.3])
@pytest.mark.parametrize("seed", range(3))
def test_a_reader_that_keeps_up_counts_each_person_once(
    seed: int, ends: float, tmp_path: Path
) -> None:
    rng = Random(seed)
    rows, history = world(rng, ends), History(tmp_path)
    reader, done = HistoryReader(tmp_path), 0
    while done < len(rows):
        some = rows[done : done + rng.randrange(1, 40)]
        written(history, some, done)
        done += len(some)
        counted, now = likes(rows[:done]), rows[done - 1]["clock"]
        for least in (1, 2, 4):
            wanted = sorted(who for who, n in counted.items() if n >= least)
            asked = parse(f"count(liked) within 1d >= {least}")
            assert reader.viewers_of(asked, now) == wanted
            assert preview(reader, asked, now).count == len(wanted)
    fresh = HistoryReader(tmp_path)
    asked = parse("count(liked) within 8d >= 3")
    found = build_facts(reader, [asked], BOUNDARY)
    assert found == build_facts(fresh, [asked], BOUNDARY)
    facts = Facts(found)
    total = {one.viewer: one.total("count(liked)", 8) for one in facts.viewers()}
    person, counted = stands(rows), likes(rows)
    for name in KNOWN:  # each id of a person finds what is known of the person
        assert total.get(name, 0) == counted.get(person.get(name, name), 0)
        same = {one for one in KNOWN if person.get(one, one) == person.get(name, name)}
        assert name not in total or set(facts.ids_of(name)) == same
    assert not {one for one in total if one in person and one[0] == "?"}
    reader.close()
    fresh.close()
