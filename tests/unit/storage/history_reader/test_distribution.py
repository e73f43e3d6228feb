"""How a tag divides everybody: it holds, it does not, nobody knows; and so in each group."""

from __future__ import annotations

from pathlib import Path

import pytest

from qianmian.language.evidence import perhaps
from qianmian.language.parse import parse
from qianmian.storage.history_reader.answers import Definitions, Distribution, Share
from qianmian.storage.history_reader.distribution import distribution
from qianmian.storage.history_reader.reader import HistoryReader
from tests.unit.storage.history_reader.histories import START, Writer

PEOPLE = 60


@pytest.fixture
def shop(tmp_path: Path) -> HistoryReader:
    """The k-th viewer likes k modulo 3 times; one of four never told an age, one of five a city."""
    writer = Writer(tmp_path)
    for k in range(PEOPLE):
        traits: dict[str, str | int] = {"age": k} if k % 4 else {}
        traits |= {"city_tier": f"tier_{k % 2 + 1}"} if k % 5 else {}
        writer.add(1_000 * k, "profile_updated", f"v{k:02}", traits=traits)
        for _ in range(k % 3):
            writer.add(1_000 * k, "liked", f"v{k:02}", room="r")
    writer.flush()
    return HistoryReader(tmp_path)


def asked(shop: HistoryReader, text: str, **groups: str) -> Distribution:
    expr = parse(text)
    levels = {name: parse(one) for name, one in groups.items()}
    return distribution(shop, expr, perhaps(expr), START + 100_000, groups=levels)


def test_who_has_it_who_has_not_and_of_whom_nobody_knows(shop: HistoryReader) -> None:
    found = asked(shop, "trait.age >= 30 and count(liked) ever >= 1")
    likes = [k for k in range(PEOPLE) if k % 3]
    yes = [k for k in likes if k % 4 and k >= 30]
    unknown = [k for k in likes if not k % 4]
    assert found.as_of == START + 1_000 * (PEOPLE - 1)
    assert found.everybody == Share(PEOPLE, len(yes), len(unknown))
    assert found.everybody.no == PEOPLE - len(yes) - len(unknown) > 0


def test_behavior_is_known_of_everybody(shop: HistoryReader) -> None:
    assert asked(shop, "count(liked) ever >= 2").everybody == Share(PEOPLE, 20, 0)


def test_each_group_is_divided_too(shop: HistoryReader) -> None:
    one, two = "trait.city_tier == tier_1", "trait.city_tier == tier_2"
    found = asked(shop, "trait.age >= 30", one=one, two=two)
    for rest, name in enumerate(("one", "two")):
        inside = [k for k in range(PEOPLE) if k % 5 and k % 2 == rest]
        yes = [k for k in inside if k % 4 and k >= 30]
        unknown = [k for k in inside if not k % 4]
        assert found.groups[name] == Share(len(inside), len(yes), len(unknown))


def test_who_took_the_tag_away_has_it_not_and_that_is_known(tmp_path: Path) -> None:
    writer = Writer(tmp_path)
    for viewer in ("ann", "bob", "cid"):
        writer.add(0, "liked", viewer, room="r")
    writer.add(1, "consent_changed", "bob", purpose="tag:fan", granted=False)
    writer.flush()
    expr = parse("liked ever or trait.fan == true")
    reader = HistoryReader(tmp_path)
    found = distribution(reader, expr, perhaps(expr), START + 10, tag="fan")
    assert found.everybody == Share(3, 2, 0)


def test_a_tag_that_is_named_may_lack_evidence(shop: HistoryReader) -> None:
    levels = {
        ("tag", "old"): parse("trait.age >= 30"),
        ("tag", "old_enough"): parse("trait.age >= 0"),
    }
    expr = parse("tag.old")
    could = perhaps(expr, {"old": "old_enough"})
    found = distribution(shop, expr, could, START + 100_000, definitions=Definitions(levels))
    assert found.everybody == Share(PEOPLE, 23, 15)
