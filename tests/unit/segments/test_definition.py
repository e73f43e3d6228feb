from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from qianmian.bootstrap.catalogs import load_segments
from qianmian.engine.core import Core
from qianmian.errors import DefinitionError, InputError, TypeProblem
from qianmian.language.codec import to_json
from qianmian.language.parse import parse_definition
from qianmian.language.story import LevelExample
from qianmian.segments.definition import Segment, check_segment

IN = LevelExample("in", ("0s liked",), "1m", expect=True)
OUT = LevelExample("out", ("0s shared",), "1m", expect=False)


def segment(**given: Any) -> Segment:
    plain: dict[str, Any] = {
        "key": "busy",
        "text": "count(liked) this session >= {times}",
        "parameters": {"times": 1},
        "examples": (IN, OUT),
    }
    return Segment(**(plain | given))


def test_it_is_one_level_with_its_numbers_filled_in() -> None:
    wanted = parse_definition("busy", "count(liked) this session >= 4", "segment")
    assert segment().definitions({"times": 4}) == (wanted,)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"parameters": {}}, "differ in times"),
        ({"examples": (OUT,)}, "no example of a viewer who belongs"),
        ({"examples": (IN,)}, "no example of a viewer who does not"),
    ],
)
def test_an_entry_that_could_not_be_tested_is_refused(given: dict[str, Any], says: str) -> None:
    check_segment(segment())
    with pytest.raises(InputError, match=says):
        check_segment(segment(**given))


def test_a_text_that_is_no_level_is_refused() -> None:
    with pytest.raises(DefinitionError):
        check_segment(segment(text="order_paid", parameters={}))


@pytest.mark.parametrize(
    ("texts", "path"),
    [
        ({"a": "in segment.a"}, "a -> a"),
        ({"a": "in segment.b", "b": "liked ever and in segment.c", "c": "not in segment.a"}, ""),
    ],
)
def test_segments_that_name_each_other_in_a_circle_are_refused_with_the_path(
    texts: dict[str, str], path: str
) -> None:
    definitions = [parse_definition(key, text, "segment") for key, text in texts.items()]
    with pytest.raises(TypeProblem, match=path or "a -> b -> c -> a"):
        Core(definitions)


def test_the_console_is_tested_with_the_first_worked_example() -> None:
    here = Path(__file__).resolve().parents[3]
    fixture = json.loads((here / "console/tests/young-beauty-cart.json").read_text("utf-8"))
    (written,) = load_segments()["young_beauty_cart"].definitions()
    assert fixture == to_json(written.expr)
