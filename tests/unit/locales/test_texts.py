from __future__ import annotations

import pytest

from qianmian.locales.texts import LOCALES, Texts, document, locale_of


def test_places_are_filled_in() -> None:
    assert Texts("en-US", "cli").say("quality.line", line=5) == "line 5"
    assert set(Texts("zh-CN", "cli")) == set(document("zh-CN", "cli"))
    assert len(Texts("zh-CN", "cli")) > 100


@pytest.mark.parametrize("locale", LOCALES)
def test_a_text_there_is_not_is_our_bug(locale: str) -> None:
    with pytest.raises(KeyError):
        Texts(locale, "cli").say("no.such.text")


def test_names_of_systems_are_understood() -> None:
    assert [locale_of(name) for name in ("zh_CN.UTF-8", "ZH", "en_GB", "C", "", None)] == [
        "zh-CN", "zh-CN", "en-US", "en-US", "en-US", "en-US",
    ]  # fmt: skip
