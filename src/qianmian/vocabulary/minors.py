"""Who is a minor, by what is known, and what a shop does with that.

Sources: 未成年人网络保护条例 (2024), article 24; 个人信息保护法 (2021), article 31.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Final, Literal

from qianmian.locales.texts import document

MinorsMode = Literal["exclude", "strict", "off"]
"""`exclude`: minors get no profile and no personalized marketing; `strict`: nor does anybody whose
age nobody knows; `off`: the shop says that no minor comes here."""

ADULT_AGE: Final = 18
BAND_TRAITS: Final = ("age", "age_band", "age_group", "age_range")
"""Traits that may tell a band of age, as a text."""

LOCALES: Final = ("zh-CN", "en-US")


def is_minor(traits: Mapping[str, object]) -> bool | None:
    """Whether a person is under 18 by these traits (`minor`, `age`, a band of age); None: unknown.

    What speaks for a minor counts more than what speaks against it.
    """
    minor, age = traits.get("minor"), traits.get("age")
    is_number = isinstance(age, int | float) and not isinstance(age, bool)
    told = (traits.get(name) for name in BAND_TRAITS)
    ages = [one for one in told if isinstance(one, str) and one]
    if minor is True or minor_bands() & set(ages) or (is_number and float(str(age)) < ADULT_AGE):
        return True
    return False if minor is False or is_number or ages else None


@lru_cache(maxsize=1)
def minor_bands() -> frozenset[str]:
    """The bands of age that minors are told by, of every language: `locales/*/privacy.json`."""
    told = (str(document(locale, "privacy")["minor_bands"]).split("|") for locale in LOCALES)
    return frozenset(band for bands in told for band in bands)


def may_profile(traits: Mapping[str, object], mode: MinorsMode) -> bool:
    """Whether a profile is shown and personalized marketing done, by age alone."""
    if mode == "off":
        return True
    known = is_minor(traits)
    return not known if known is not None else mode != "strict"
