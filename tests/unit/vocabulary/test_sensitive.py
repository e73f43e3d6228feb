"""Nobody is classed by sensitive personal information: what is refused, and what is not."""

from __future__ import annotations

import pytest

from qianmian.errors import SensitiveTopic
from qianmian.locales.texts import LOCALES, document
from qianmian.runtime.definition_versions import Version, check_topic
from qianmian.tags.catalog import __path__ as tags
from qianmian.vocabulary.decode import canonical
from qianmian.vocabulary.rejected import Rejected
from qianmian.vocabulary.sensitive import classes, sensitive_class

TOLD = {
    "health": ("diabetic", "慢性病史", "skinDisease", "is-pregnant", "孕妇人群"),
    "religion": ("religion", "佛教徒", "muslim users"),
    "ethnicity": ("民族", "race"),
    "politics": ("political_view", "党员"),
    "sexuality": ("orientation", "同性恋"),
    "finances": ("monthly income", "credit score", "网贷用户", "income_account"),
    "biometrics": ("face id", "指纹"),
    "location": ("gps", "精确位置"),
    "under_14": ("under-14", "14岁以下"),
}
HARMLESS = (
    *("city", "age_band", "member_level", "女", "护肤", "Christian Dior", "Union City", "Grace"),
    *("screen_orientation", "traced", "晚间活跃", "高消费", "carted_unpaid", "经常看直播", ""),
)


@pytest.mark.parametrize(("name", "words"), TOLD.items(), ids=list(TOLD))
def test_words_of_a_class_are_found(name: str, words: tuple[str, ...]) -> None:
    assert {sensitive_class(word) for word in words} == {name}


@pytest.mark.parametrize("word", HARMLESS)
def test_other_words_are_not(word: str) -> None:
    assert sensitive_class(word) is None


def test_the_list_has_every_class_in_both_languages() -> None:
    assert classes().keys() == TOLD.keys()
    for locale in LOCALES:
        for one in document(locale, "sensitive").values():
            assert all(str(one["words"]).split("|"))
    assert len(list(tags)) == 1


@pytest.mark.parametrize(
    ("traits", "is_taken"),
    [
        ({"city": "杭州"}, True),
        ({"disease": "x"}, False),
        ({"interest": "佛教"}, False),
        ({"月薪": 9_000}, False),
        ({"age": 16}, True),
        ({"age": 13}, False),
    ],
)
def test_a_sensitive_trait_is_refused_at_every_door(
    traits: dict[str, object], is_taken: bool
) -> None:
    row = {"type": "profile_updated", "viewer": "a", "traits": traits}
    found = canonical(row, arrival=1)
    assert isinstance(found, Rejected) is not is_taken
    if isinstance(found, Rejected):
        assert found.reason_code == "sensitive"


def test_properties_of_what_happened_are_no_traits() -> None:
    row = {"type": "product_viewed", "viewer": "a", "room": "r", "product": "p"}
    found = canonical(row | {"properties": {"use": "孕妇可用"}}, arrival=1)
    assert not isinstance(found, Rejected)


@pytest.mark.parametrize(
    "version",
    [
        Version("tag", "diabetic", 1, "trait.x == 1"),
        Version("segment", "x", 1, "trait.x == 1", title={"zh": "高血压人群"}),
        Version("tag", "x", 1, "trait.x == 1", meaning={"en": "people of one religion"}),
        Version("tag", "x", 1, "count(liked) >= 1 and trait.income > 3000"),
        Version("tag", "x", 1, 'trait.interest == "佛教"'),
    ],
)
def test_a_definition_that_classes_people_so_is_refused(version: Version) -> None:
    with pytest.raises(SensitiveTopic):
        check_topic(version)


def test_every_other_definition_is_not() -> None:
    check_topic(Version("tag", "late", 1, 'trait.city == "杭州"', title={"zh": "晚间活跃"}))
