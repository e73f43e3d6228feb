"""Every problem of the interface has a text in both languages, which the pages show."""

from __future__ import annotations

import ast

import pytest

from qianmian.locales.texts import LOCALES, document
from qianmian.server.api.problems import STATUS_BY_CODE
from tools.lints.walk import ROOT

API = sorted((ROOT / "src/qianmian/server/api").glob("*.py"))


def raised_codes() -> set[str]:
    """The first argument of every `Problem(...)`."""
    calls = [
        node
        for path in API
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "Problem"
    ]
    first = [call.args[0] for call in calls]
    codes = {one.value for one in first if isinstance(one, ast.Constant)}
    assert len([one for one in first if isinstance(one, ast.Constant)]) == len(calls)
    return {str(code) for code in codes}


def test_what_is_raised_is_what_is_listed() -> None:
    assert raised_codes() | {"input.fields"} == set(STATUS_BY_CODE)


@pytest.mark.parametrize("locale", LOCALES)
def test_every_problem_has_a_text(locale: str) -> None:
    texts = document(locale, "problems")
    assert texts.keys() == STATUS_BY_CODE.keys()
    assert all(str(text).strip() for text in texts.values())
