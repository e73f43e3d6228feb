from __future__ import annotations

from typing import Any

import pytest

from qianmian.errors import DefinitionError, InputError, UnknownName
from qianmian.language.parse import parse_definition
from qianmian.moments.definition import Example, Moment, check_moment

FIRES = Example("it fires", ("0s liked",), until="1m", fires=("0s",))
SILENT = Example("it stays silent", ("0s shared",), until="1m")


def moment(**given: Any) -> Moment:
    plain: dict[str, Any] = {
        "key": "busy",
        "text": "count(liked) within {window} >= {times}",
        "parameters": {"window": "10s", "times": 3},
        "examples": (FIRES, SILENT),
    }
    return Moment(**(plain | given))


def test_numbers_are_filled_in_and_can_be_changed() -> None:
    assert moment().written() == "count(liked) within 10s >= 3"
    assert moment().written({"times": 5}) == "count(liked) within 10s >= 5"
    changed = moment(version=4).definition({"window": "1m"})
    assert changed == parse_definition("busy", "count(liked) within 1m >= 3", version=4)


def test_a_number_it_does_not_have_is_told_with_what_was_meant() -> None:
    with pytest.raises(UnknownName, match='Did you mean "times"'):
        moment().written({"time": 5})


def test_a_number_that_makes_no_sense_is_refused_by_the_language() -> None:
    with pytest.raises(DefinitionError):
        moment().definition({"window": "soon"})


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"parameters": {"window": "10s"}}, "differ in times"),
        ({"parameters": {"window": "10s", "times": 3, "more": 1}}, "differ in more"),
        ({"examples": (SILENT,)}, "no example in which it fires"),
        ({"examples": (FIRES,)}, "no example in which it stays silent"),
        ({"examples": ()}, "no example in which it fires"),
    ],
)
def test_an_entry_that_could_not_be_tested_is_refused(given: dict[str, Any], says: str) -> None:
    check_moment(moment())
    with pytest.raises(InputError, match=says):
        check_moment(moment(**given))
