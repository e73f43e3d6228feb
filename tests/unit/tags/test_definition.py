from __future__ import annotations

from typing import Any

import pytest

from qianmian.errors import DefinitionError, InputError, UnknownName
from qianmian.language.story import LevelExample
from qianmian.language.text import show
from qianmian.tags.definition import Tag, check_tag

YES = LevelExample("yes", ("0s liked",), "1m", expect=True)
NO = LevelExample("no", ("0s shared",), "1m", expect=False)
UNKNOWN = LevelExample("nobody knows", ("0s shared",), "1m", None)
RED = LevelExample("red", ("0s profile_updated trait.color=red",), "1m", "red")


def tag(**given: Any) -> Tag:
    plain: dict[str, Any] = {
        "key": "busy",
        "tier": "behavior",
        "freshness": "live",
        "text": "count(liked) within {window} >= {times}",
        "parameters": {"window": "10s", "times": 3},
        "examples": (YES, NO),
    }
    return Tag(**(plain | given))


def colored(**given: Any) -> Tag:
    values = {"red": "trait.color == red", "blue": "trait.color == blue"}
    plain = {"key": "color", "text": "", "values": values, "enough": 'trait.color != ""'}
    return tag(**(plain | {"parameters": {}, "examples": (RED, NO, UNKNOWN)} | given))


def test_yes_or_no_is_one_definition_and_enough_is_another() -> None:
    assert [one.key for one in tag().definitions()] == ["busy"]
    told = tag(enough="in room for 1m")
    assert [one.key for one in told.definitions()] == ["busy", "busy_enough"]
    assert {one.kind for one in told.definitions()} == {"tag"}


def test_each_value_is_a_definition() -> None:
    keys = [one.key for one in colored().definitions()]
    assert keys == ["color_red", "color_blue", "color_enough"]
    assert (tag().type, colored().type) == ("yes_no", "one_of")


def test_a_number_is_one_definition_and_says_how_much() -> None:
    one = tag(text="", number="count(liked) within {window}", parameters={"window": "10s"})
    (definition,) = one.definitions()
    assert (one.type, definition.key) == ("number", "busy")
    assert show(definition.expr) == "number count(liked) within 10s"
    assert one.answer({"tag.busy"}, 0) == 0
    assert one.answer({"tag.busy"}, 3) == 3
    assert one.answer(set(), 3) is None


@pytest.mark.parametrize(
    ("one", "holding", "says"),
    [
        (tag(), {"tag.busy"}, True),
        (tag(), {"segment.busy"}, False),
        (tag(enough="in room for 1m"), set(), None),
        (tag(enough="in room for 1m"), {"tag.busy_enough"}, False),
        (tag(enough="in room for 1m"), {"tag.busy"}, True),
        (colored(), {"tag.color_blue", "tag.color_enough"}, "blue"),
        (colored(), {"tag.color_red", "tag.color_blue"}, "red"),
        (colored(), {"tag.color_enough"}, False),
        (colored(), set(), None),
    ],
)
def test_no_evidence_is_neither_yes_nor_no(one: Tag, holding: set[str], says: object) -> None:
    assert one.answer(holding) is says or one.answer(holding) == says


def test_a_number_it_does_not_have_is_told_with_what_was_meant() -> None:
    with pytest.raises(UnknownName, match='Did you mean "times"'):
        tag().definitions({"time": 5})


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"tier": "odd"}, "no tier odd"),
        ({"freshness": "weekly"}, "no freshness weekly"),
        ({"text": "", "parameters": {}}, "needs a text, or values, or a number, or a"),
        ({"values": {"a": "liked ever"}}, "needs a text, or values, or a number, or a"),
        ({"parameters": {"window": "10s"}}, "differ in times"),
        ({"examples": (NO,)}, "no example in which it holds"),
        ({"examples": (YES,)}, "no example in which it does not hold"),
        ({"enough": "in room for 1m"}, "no example without enough evidence"),
        ({"examples": (RED, NO)}, "red is none of its values"),
        ({"preference": "brand"}, "needs a text, or values, or a number, or a"),
        (
            {"text": "", "parameters": {}, "preference": "brand"},
            "no example without enough evidence",
        ),
        (
            {"text": "", "parameters": {}, "preference": "brand", "enough": "in room for 1m"},
            "a preference or a number knows itself",
        ),
        (
            {"text": "", "parameters": {}, "number": "trait.x", "enough": "in room for 1m"},
            "a preference or a number knows itself",
        ),
        (
            {"text": "trait.religion == x", "parameters": {}},
            "trait.religion is sensitive; no built-in tag reads it",
        ),
    ],
)
def test_an_entry_that_could_not_be_trusted_is_refused(given: dict[str, Any], says: str) -> None:
    check_tag(tag())
    check_tag(colored())
    with pytest.raises(InputError, match=says):
        check_tag(tag(**given))


def test_a_text_that_is_no_level_is_refused() -> None:
    with pytest.raises(DefinitionError):
        check_tag(tag(text="order_paid", parameters={}))
