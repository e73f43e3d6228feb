"""A segment in numbers: what each condition leaves, who is elsewhere too, why some are in."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import pytest

from qianmian.language.parse import parse
from qianmian.storage.history_reader.answers import Overlap
from qianmian.storage.history_reader.preview import preview
from qianmian.storage.history_reader.reader import HistoryReader
from qianmian.strategies.minors import named_in_lists
from qianmian.vocabulary.minors import MinorsMode, may_profile, minor_bands
from tests.unit.storage.history_reader.histories import START, Writer


@pytest.fixture
def shop(tmp_path: Path) -> HistoryReader:
    """Thirty viewers; the k-th has level k modulo 3 and likes k modulo 5 times."""
    writer = Writer(tmp_path)
    for k in range(30):
        writer.add(1_000 * k, "profile_updated", f"v{k:02}", traits={"level": k % 3})
        for _ in range(k % 5):
            writer.add(1_000 * k, "liked", f"v{k:02}", room="r")
    writer.flush()
    return HistoryReader(tmp_path)


def test_each_condition_says_what_it_leaves(shop: HistoryReader) -> None:
    found = preview(
        shop,
        parse("trait.level >= 1 and count(liked) ever >= 2 and no shared ever"),
        START + 60_000,
    )
    who = [k for k in range(30) if k % 3 and k % 5 >= 2]
    assert (found.total, found.count, found.as_of) == (30, len(who), START + 29_000)
    assert [(step.alone, step.left) for step in found.steps] == [(20, 20), (18, 12), (30, 12)]
    assert found.empty_at is None
    assert [one.viewer for one in found.samples] == [f"v{k:02}" for k in reversed(who)]
    assert {one.holds for one in found.samples} == {(True, True, True)}


def test_it_says_which_condition_is_always_false(shop: HistoryReader) -> None:
    found = preview(
        shop,
        parse("trait.level >= 1 and count(shared) ever >= 1 and trait.level == 7"),
        START + 60_000,
    )
    assert found.empty_at == 1
    assert [step.alone for step in found.steps] == [20, 0, 0]
    assert (found.count, found.samples) == (0, ())
    together = preview(shop, parse("trait.level == 1 and not trait.level == 1"), START + 60_000)
    assert (together.empty_at, [step.alone for step in together.steps]) == (1, [10, 20])


def test_samples_say_which_parts_hold(shop: HistoryReader) -> None:
    expr = parse("(trait.level == 2 or count(liked) ever == 4) and not trait.level == 0")
    found = preview(shop, expr, START + 60_000, samples=3)
    assert [len(found.parts), len(found.samples)] == [3, 3]
    assert [(one.viewer, one.holds) for one in found.samples] == [
        ("v29", (True, True, True)),
        ("v26", (True, False, True)),
        ("v23", (True, False, True)),
    ]


def test_a_segment_of_many_parts_says_what_holds_of_each(shop: HistoryReader) -> None:
    texts = [f"count(liked) ever >= {k % 4 + 1}" for k in range(70)]
    found = preview(shop, parse(" or ".join(texts)), START + 60_000, samples=1)
    (one,) = found.samples
    assert (one.viewer, len(found.parts), len(found.steps)) == ("v29", 70, 1)
    assert one.holds == (True,) * 70
    (other,) = preview(
        shop, parse(f"trait.level == 1 and ({' or '.join(texts)})"), START + 27_500, samples=1
    ).samples
    assert (other.viewer, other.holds) == ("v22", (True, *(k % 4 + 1 <= 2 for k in range(70))))


def test_overlap_with_others(shop: HistoryReader) -> None:
    others = {"keen": parse("count(liked) ever >= 4"), "none": parse("trait.level == 9")}
    found = preview(shop, parse("trait.level == 1"), START + 60_000, overlap_with=others)
    both = sum(k % 3 == 1 and k % 5 == 4 for k in range(30))
    assert found.overlaps == (Overlap("keen", 6, both), Overlap("none", 0, 0))


def test_nobody_is_in_an_empty_shop(tmp_path: Path) -> None:
    reader = HistoryReader(tmp_path)
    found = preview(reader, parse("count(liked) ever >= 1"), START)
    assert (found.total, found.count, found.empty_at, found.as_of) == (0, 0, None, 0)
    reader.close()


@pytest.mark.parametrize("mode", get_args(MinorsMode))
def test_minors_are_counted_and_not_named(mode: MinorsMode, tmp_path: Path) -> None:
    choices: tuple[tuple[object, ...], ...] = (
        (None, True, False, "yes"),
        (None, 17, 18, "17"),
        (None, *sorted(minor_bands())[:1], "25-30", ""),
    )
    writer, may_be_named = Writer(tmp_path), set()
    for k, values in enumerate(itertools.product(*choices)):
        given = zip(("minor", "age", "age_band"), values, strict=True)
        traits = {name: value for name, value in given if value is not None}
        writer.add(k, "profile_updated", f"v{k}", traits={**traits, "level": 1})
        if may_profile(traits, mode):
            may_be_named.add(f"v{k}")
    writer.flush()
    found = preview(
        HistoryReader(tmp_path),
        parse("trait.level == 1"),
        START + 60_000,
        samples=100,
        named_if=named_in_lists(mode),
    )
    assert (found.total, found.count, found.steps[0].left) == (64, 64, 64)
    assert {one.viewer for one in found.samples} == may_be_named
    assert (len(may_be_named) == 64) == (mode == "off")
    assert may_be_named


def test_parts_of_a_condition_say_what_they_leave(shop: HistoryReader) -> None:
    text = (
        "trait.level >= 1 and (count(liked) ever >= 4 or (trait.level == 2 and no liked ever))"
        " and not trait.level == 1"
    )
    found = preview(shop, parse(text), START + 60_000)
    people = range(30)
    parts: tuple[Callable[[int], bool], ...] = (
        *(lambda k: k % 5 == 4, lambda k: k % 3 == 2),
        lambda k: k % 5 == 0,
    )
    assert [one.parts for one in found.steps if one is not found.steps[1]] == [(), ()]
    assert [(one.alone, one.left) for one in found.steps[1].parts] == [
        (sum(map(holds, people)), sum(holds(k) and k % 3 >= 1 for k in people)) for holds in parts
    ]
    assert [one.condition for one in found.steps[1].parts] == list(found.parts[1:4])
