"""Traits of sensitive classes: what nothing that comes with the product reads, guesses or shows.

The classes and their words, in Chinese and English, are in `locales/*/sensitive.json`. A Chinese
word is found anywhere in a text; an English one stands as a word of its own, and one with `=`
before it is the whole text.

Sources: 个人信息保护法 (2021), articles 28 to 32; 算法推荐管理规定 (2022), article 10.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from qianmian.locales.texts import document
from qianmian.vocabulary.rejected import Rejected
from qianmian.vocabulary.values import Scalar, check_traits

SENSITIVE_TRAITS: Final = frozenset(
    "belief biometrics disability ethnicity health id_number income_account location_track"
    " marriage medical nationality orientation political_view pregnancy race religion sexuality"
    " union".split()
)
"""Sensitive personal information, and what comes near it."""

UNDER_14: Final = 14
_CAMEL: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")
LOCALES: Final = ("zh-CN", "en-US")
MAX_LOOKED_AT: Final = 512
_TOLD_ALREADY: Final = 1 << 16


def classes() -> dict[str, dict[str, str]]:
    """The names of the classes by language."""
    found: dict[str, dict[str, str]] = {}
    for locale in LOCALES:
        for name, one in document(locale, "sensitive").items():
            found.setdefault(name, {})[locale] = str(one["title"])
    return found


@lru_cache(maxsize=_TOLD_ALREADY)
def sensitive_class(text: str) -> str | None:
    """The class that a key, a title or a value is of; None when it is of none.

    Cost: about 1 µs; nothing for what was asked before.
    """
    told = _CAMEL.sub("_", text[:MAX_LOOKED_AT]).lower()
    spaced = _spaced(told)
    found = _chinese().search(told) or _english().search(spaced)
    word = f"={spaced}" if found is None else found.group()
    return _class_by_word().get(word)


def check_person_traits(value: object, name: str) -> dict[str, Scalar] | Rejected:
    """As `check_traits`; a trait whose name or value is of a sensitive class is refused."""
    traits = check_traits(value, name)
    return traits if isinstance(traits, Rejected) else _problem(traits, name) or traits


def _problem(traits: Mapping[str, Scalar], name: str) -> Rejected | None:
    for key, value in traits.items():
        found = sensitive_class(key)
        if found is None and isinstance(value, str):
            found = sensitive_class(value)
        if found is not None:
            detail = f"{name}.{key} is of the class {found}, which is not taken"
            return Rejected("sensitive", detail)
    age = traits.get("age")
    if isinstance(age, int | float) and not isinstance(age, bool) and age < UNDER_14:
        return Rejected("sensitive", f"{name} is of a child under 14, of whom no profile is kept")
    return None


def _spaced(text: str) -> str:
    """`creditScore`, `credit-score` and `credit score` are `credit_score`."""
    return re.sub(r"[^0-9a-z]+", "_", text)


def _is_english(word: str) -> bool:
    return word.isascii() and not word.startswith("=")


@lru_cache(maxsize=1)
def _class_by_word() -> dict[str, str]:
    return {
        word: name
        for locale in LOCALES
        for name, one in document(locale, "sensitive").items()
        for word in str(one["words"]).split("|")
    }


@lru_cache(maxsize=1)
def _chinese() -> re.Pattern[str]:
    return re.compile("|".join(re.escape(one) for one in _class_by_word() if not one.isascii()))


@lru_cache(maxsize=1)
def _english() -> re.Pattern[str]:
    words = "|".join(re.escape(one) for one in _class_by_word() if _is_english(one))
    return re.compile(rf"(?<![0-9a-z])(?:{words})(?![0-9a-z])")
