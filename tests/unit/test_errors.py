"""Every deliberate error has a place in the tree, a code of its own, and words in two languages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import resources

import pytest

from qianmian import errors
from qianmian.errors import DefinitionError, QianmianError, SyntaxProblem, UnknownName
from qianmian.language.parse import parse


def error_classes(root: type[QianmianError] = QianmianError) -> Iterator[type[QianmianError]]:
    yield root
    for child in root.__subclasses__():
        yield from error_classes(child)


CLASSES = [error for error in error_classes() if error.__module__ == errors.__name__]


def test_the_tree_in_the_docstring_names_every_error() -> None:
    assert len(CLASSES) >= 9
    for error in CLASSES:
        assert f" {error.__name__}" in f" {errors.__doc__}".replace("\n", " ")


def test_codes_are_unique() -> None:
    codes = [error.code for error in CLASSES]
    assert len(codes) == len(set(codes))


@pytest.mark.parametrize("locale", ["zh-CN", "en-US"])
def test_every_code_has_a_text(locale: str) -> None:
    path = resources.files("qianmian.locales").joinpath(locale, "errors.json")
    texts = json.loads(path.read_text("utf-8"))
    assert {error.code for error in CLASSES} == {
        key for key in texts if not key.startswith("rejected.")
    }


@pytest.mark.parametrize("error", CLASSES)
def test_the_docstring_is_the_default_message(error: type[QianmianError]) -> None:
    assert error().message == (error.__doc__ or "").splitlines()[0]


def test_a_syntax_problem_points_at_its_place() -> None:
    problem = SyntaxProblem("no", text="a b", position=2)
    assert problem.pointed == "no\n  a b\n    ^"
    assert SyntaxProblem("no").pointed == "no"


@pytest.mark.parametrize(
    ("text", "place", "shown"),
    [
        ("a\nb c", "c", "  line 2: b c\n            ^"),
        ("a\r\nb c\r\nd", "c", "  line 2: b c\n            ^"),
        ("犹豫 x", "x", "  犹豫 x\n       ^"),  # two columns each
        ("（a", "a", "  （a\n    ^"),  # full-width punctuation as well
        ("e\u0301 x", "x", "  e\u0301 x\n    ^"),  # an accent has no column of its own
        ("\tb c", "c", "  \tb c\n  \t  ^"),  # a tab stays one
        ("a\nb and\n\n", "", "  line 2: b and\n               ^"),  # the end of the text
        ("\n\na", "a", "  line 3: a\n          ^"),
    ],
)
def test_the_caret_stands_under_the_place_in_its_line(text: str, place: str, shown: str) -> None:
    position = text.rindex(place) if place else len(text)
    assert SyntaxProblem("no", text=text, position=position).pointed == f"no\n{shown}"


@pytest.mark.parametrize("text", ["liked or\n  lked", "distinct(liked.text) within 5s >= 2", "((("])
def test_every_problem_of_a_text_points_at_its_place(text: str) -> None:
    with pytest.raises(DefinitionError) as raised:
        parse(text)
    assert raised.value.pointed.splitlines()[-1].strip() == "^"


def test_an_unknown_name_far_from_all_others_gets_no_hint() -> None:
    assert UnknownName.of("event", "zzz", ["cart_added"]).message == 'unknown event "zzz".'
