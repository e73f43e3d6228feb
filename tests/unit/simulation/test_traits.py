from __future__ import annotations

from collections import Counter

from qianmian.bootstrap.catalogs import load_tags
from qianmian.language.ast import Trait, walk
from qianmian.simulation.traits import CHOICES, traits_of

MEMBERS = range(20_000)


def test_the_same_member_is_told_the_same() -> None:
    assert traits_of(7) == traits_of(7)
    assert len({tuple(traits_of(number).items()) for number in range(50)}) > 30


def test_some_of_it_is_told_of_some_and_each_choice_comes_about_as_often() -> None:
    for name, choices in CHOICES.items():
        told = Counter(traits_of(number).get(name) for number in MEMBERS)
        for value, share in Counter(choices).items():
            wanted = share / len(choices)
            assert abs(told[value] / len(MEMBERS) - wanted) < 0.25 * wanted, (name, value)


def test_traits_do_not_go_together() -> None:
    """Else a segment of two of them would be empty, or everybody."""
    pairs = Counter(
        (traits_of(number).get("gender"), traits_of(number).get("city_tier")) for number in MEMBERS
    )
    assert len(pairs) == len(set(CHOICES["gender"])) * len(set(CHOICES["city_tier"]))


def test_the_built_in_tags_read_them() -> None:
    read = {
        part.name
        for tag in load_tags().values()
        for one in tag.definitions()
        for part in walk(one.expr)
        if isinstance(part, Trait)
    }
    assert set(CHOICES) <= read
