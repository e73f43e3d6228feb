"""Traits that have one of a few values: what people write for each, in every language.

A shop's table says it in the words of the shop, its engineer in those of his database; tags ask for
one value. So what is told is folded here, on its way in and before the log: live rows, history and
drawers read the same. A word that nobody knows stays as it was told.

The names of the values are in `locales/*/values.json`, further words in `locales/*/spellings.json`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Final

from qianmian.locales.texts import LOCALES, document
from qianmian.vocabulary.minors import minor_bands
from qianmian.vocabulary.rejected import Rejected
from qianmian.vocabulary.sensitive import check_person_traits
from qianmian.vocabulary.values import Scalar

WORDED: Final = frozenset(
    "age_band city_tier follower gender member_level minor occupation province region".split()
)
"""The traits whose values are known."""
_AGE_BAND: Final = "age_band"
_PROVINCE: Final = "province"
_REGION: Final = "region"
_TRUTHS: Final = MappingProxyType({"true": True, "false": False})
_DROPPED: Final = re.compile(r"[\s_()\-\u2010-\u2015~:.]+")


def told_traits(value: object, name: str) -> dict[str, Scalar] | Rejected:
    """As `check_person_traits`; of traits whose values are known, in these values."""
    traits = check_person_traits(value, name)
    return traits if isinstance(traits, Rejected) else folded_traits(traits)


def folded_traits(traits: Mapping[str, Scalar]) -> dict[str, Scalar]:
    """The traits in the values that are known; what nobody knows as it is.

    A province that is told as the region counts as the province, where no other is told. Folding
    again changes nothing.
    """
    found = dict(traits)
    for name in WORDED.intersection(traits):
        known = known_value(name, traits[name])
        if known is not None:
            found[name] = known
        elif name == _REGION and _PROVINCE not in traits:
            province = known_value(_PROVINCE, traits[name])
            if province is not None:
                del found[name]
                found[_PROVINCE] = province
    return found


def unknown_words(traits: Mapping[str, Scalar]) -> dict[str, Scalar]:
    """What is told of traits whose values are known and is none of these."""
    return {
        name: traits[name]
        for name in sorted(WORDED.intersection(traits))
        if known_value(name, traits[name]) is None
    }


def known_value(name: str, told: Scalar) -> Scalar | None:
    """The value of a trait that this says; None when it is no word of it."""
    if isinstance(told, bool):
        return told if "true" in values_of(name) else None
    value = _value_by_word(name).get(_plain(str(told)))
    return _TRUTHS.get(value, value) if value is not None else None


@cache
def values_of(name: str) -> Mapping[str, tuple[str, ...]]:
    """The values of a trait that is worded, each with the words that are known for it."""
    found: dict[str, list[str]] = {}
    for locale in LOCALES:
        for subject in ("values", "spellings"):
            for key, text in document(locale, subject).items():
                trait, _, value = key.partition(".")
                if trait == name:
                    found.setdefault(value, [value]).extend(str(text).split("|"))
    if name == _AGE_BAND:
        for band in sorted(minor_bands()):
            found.setdefault(band, [band])
    return MappingProxyType({value: tuple(words) for value, words in found.items()})


@cache
def _value_by_word(name: str) -> Mapping[str, str]:
    return {_plain(word): value for value, words in values_of(name).items() for word in words}


def _plain(word: str) -> str:
    """A word without what people write differently."""
    return _DROPPED.sub("", unicodedata.normalize("NFKC", word)).casefold()
