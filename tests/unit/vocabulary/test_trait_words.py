"""Words of traits: each means one value, folding twice is folding once, and tags can be reached."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from qianmian.bootstrap.catalogs import builtin_definitions
from qianmian.language.ast import Trait, walk
from qianmian.locales.texts import LOCALES, document
from qianmian.vocabulary.decode import canonical
from qianmian.vocabulary.trait_words import (
    WORDED,
    folded_traits,
    known_value,
    unknown_words,
    values_of,
)

WORDS = sorted({word for name in WORDED for words in values_of(name).values() for word in words})
NAMES = st.sampled_from(sorted({*WORDED, "city", "age"}))
VALUES = st.one_of(st.sampled_from(WORDS), st.text(max_size=6), st.integers(0, 2), st.booleans())


def test_every_word_means_one_value_of_its_trait() -> None:
    found = {
        (name, word, value)
        for name in WORDED
        for value, words in values_of(name).items()
        for word in words
    }
    assert len(found) > 250
    wrong = {
        (name, word)
        for name, word, value in found
        if str(known_value(name, word)).lower() != value.lower()
    }
    assert wrong == set()


def test_every_value_that_tags_ask_for_has_a_word_in_every_language() -> None:
    asked = {
        (part.name, value)
        for several in builtin_definitions().values()
        for one in several
        for part in walk(one.expr)
        if isinstance(part, Trait) and part.name in WORDED
        for value in (part.value if isinstance(part.value, tuple) else (part.value,))
    }
    assert {name for name, _ in asked} == WORDED - {"minor"}
    assert len(asked) > 60
    for locale in LOCALES:
        texts = document(locale, "values")
        for name, value in asked:
            word = texts[f"{name}.{str(value).lower() if isinstance(value, bool) else value}"]
            assert known_value(name, word) == value, (locale, name, word)


@given(st.dictionaries(NAMES, VALUES))
def test_folding_again_changes_nothing(traits: dict[str, str | int | bool]) -> None:
    once = folded_traits(traits)
    assert folded_traits(once) == once
    assert {name: once[name] for name in ("city", "age") if name in once} == {
        name: traits[name] for name in ("city", "age") if name in traits
    }
    assert {once[name] for name in unknown_words(once)} <= set(traits.values())


def test_what_an_engineer_sends_is_folded_at_the_door() -> None:
    told = {"gender": " \u5973 ", "region": "浙江省", "member_level": "铂金", "follower": "是"}
    event = {"type": "profile_updated", "viewer": "m1", "traits": told}
    row = canonical(event, arrival=1)
    assert isinstance(row, dict)
    assert row["traits"] == {
        "gender": "female",
        "province": "ZJ",
        "member_level": "铂金",
        "follower": True,
    }
    assert unknown_words(row["traits"]) == {"member_level": "铂金"}
