"""Every deliberate error has a place in the tree, a code of its own, and words in two languages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import resources

import pytest

from qianmian import errors
from qianmian.errors import QianmianError, SyntaxProblem, UnknownName


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


def test_an_unknown_name_far_from_all_others_gets_no_hint() -> None:
    assert UnknownName.of("event", "zzz", ["cart_added"]).message == 'unknown event "zzz".'
