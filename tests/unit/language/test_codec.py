"""The JSON form: exact, and hostile input is refused with its path."""

from __future__ import annotations

from typing import Any

import pytest

from qianmian.errors import DefinitionError, LimitExceeded, TypeProblem, UnknownName
from qianmian.language.codec import (
    definition_document,
    document,
    from_json,
    read_definition,
    read_document,
    to_json,
)
from qianmian.language.parse import parse, parse_definition

LIKED = {"op": "select", "types": ["liked"]}


def counted(**changed: Any) -> dict[str, Any]:
    whole: dict[str, Any] = {"op": "count", "of": LIKED, "within": "1m", "cmp": ">=", "value": 3}
    return {**whole, **changed}


def test_durations_are_strings_and_defaults_are_left_out() -> None:
    assert to_json(parse("count(liked) within 60s >= 3")) == counted()
    assert to_json(parse("product_viewed for 2m")) == {"op": "viewing", "for": "2m"}
    assert to_json(parse("room.presenting == product")) == {
        "op": "room_fact",
        "name": "presenting",
        "cmp": "==",
        "value": None,
    }


def test_null_is_as_good_as_leaving_out() -> None:
    assert from_json(counted(same=None)) == from_json(counted())


@pytest.mark.parametrize(
    ("form", "error", "says"),
    [
        (None, TypeProblem, "$: an object"),
        ([], TypeProblem, "$: an object"),
        ({}, TypeProblem, '"op" is missing'),
        ({"op": 3}, TypeProblem, '"op" is missing'),
        ({"op": "cuont"}, UnknownName, 'Did you mean "count"?'),
        (counted(value=True), TypeProblem, "$.value: a whole number"),
        (counted(value=3.0), TypeProblem, "$.value: a whole number"),
        (counted(value=10**400), LimitExceeded, "beyond 2^53"),
        (counted(value="3"), TypeProblem, "$.value"),
        (counted(within=60_000), TypeProblem, '$.within: a duration such as "60s"'),
        (counted(within="60"), TypeProblem, "$.within"),
        (counted(within="9" * 100_000), TypeProblem, "$.within"),
        (counted(within=[]), TypeProblem, "$.within"),
        (counted(widthin="1m"), UnknownName, 'Did you mean "within"?'),
        (counted(of={"op": "tag", "key": "x"}), TypeProblem, "a selection of events"),
        (counted(of={"op": "select", "types": ["likd"]}), UnknownName, "$.of"),
        (counted(of={"op": "select", "types": ["liked"] * 101}), LimitExceeded, "101 items"),
        (counted(cmp="~"), TypeProblem, "cannot be compared"),
        ({"op": "score", "key": "x", "cmp": ">", "value": float("nan")}, TypeProblem, "finite"),
        ({"op": "score", "key": "x", "cmp": ">", "value": 10**400}, TypeProblem, "too large"),
        ({"op": "score", "key": "x", "cmp": ">", "value": False}, TypeProblem, "a number"),
        ({"op": "trait", "name": "x", "cmp": "==", "value": float("inf")}, TypeProblem, "no value"),
        ({"op": "trait", "name": "x", "cmp": "==", "value": {}}, TypeProblem, "$.value"),
        ({"op": "trait", "name": "x", "cmp": "==", "value": "\ud800"}, TypeProblem, "control"),
        ({"op": "trait", "name": "x", "cmp": "in", "value": ["a"] * 201}, LimitExceeded, "201"),
        ({"op": "trait", "name": "a b", "cmp": "==", "value": 1}, TypeProblem, "a trait must be"),
        ({"op": "tag", "key": "x" * 65}, LimitExceeded, "64"),
        ({"op": "tag", "key": "x" * 10_000}, LimitExceeded, "200 characters"),
        ({"op": "and", "parts": []}, TypeProblem, "at least two"),
        ({"op": "and", "parts": [{"op": "tag", "key": "x"}, 3]}, TypeProblem, "$.parts[1]"),
        ({"op": "idle", "for": "60s", "on_product_page": 1}, TypeProblem, "true or false"),
        ({"op": "not"}, TypeProblem, '"part" is missing'),
        ({"op": "not", "part": {"op": "tag", "key": "x"}, 3: 4}, UnknownName, 'key "3"'),
    ],
)
def test_a_wrong_form_is_refused_with_its_path(
    form: object, error: type[DefinitionError], says: str
) -> None:
    with pytest.raises(error) as caught:
        from_json(form)
    assert says in caught.value.message
    assert str(caught.value.params["path"]).startswith("$")


def test_a_deep_or_circular_or_large_form_is_refused_by_a_limit() -> None:
    deep: dict[str, Any] = {"op": "tag", "key": "x"}
    for _ in range(5_000):
        deep = {"op": "not", "part": deep}
    circular: dict[str, Any] = {"op": "not"}
    circular["part"] = circular
    large = {"op": "or", "parts": [{"op": "tag", "key": "x"}] * 2_000}
    inner = {"op": "or", "parts": [{"op": "tag", "key": "x"}] * 900}
    long = {"op": "trait", "name": "x", "cmp": "in", "value": ["y" * 200] * 200}
    for form in (long, deep, circular, large, {"op": "and", "parts": [inner] * 900}):
        with pytest.raises(LimitExceeded):
            from_json(form)


@pytest.mark.parametrize(
    ("form", "says"),
    [
        ({"version": 2, "expr": {"op": "tag", "key": "x"}}, "reads version 1"),
        ({"version": True, "expr": {"op": "tag", "key": "x"}}, "reads version 1"),
        ({"expr": {"op": "tag", "key": "x"}}, '"version" is missing'),
        ({"version": 1}, '"expr" is missing'),
        ({"version": 1, "expr": {"op": "tag"}}, '$.expr: "key" is missing'),
    ],
)
def test_a_document_says_its_version(form: object, says: str) -> None:
    with pytest.raises(TypeProblem) as caught:
        read_document(form)
    assert says in caught.value.message


def test_documents_are_read_back() -> None:
    node = parse("liked and tag.x")
    assert read_document(document(node)) == node
    definition = parse_definition("eager", "liked again after 10m", version=3)
    form = definition_document(definition)
    assert form["definition"]["again_after"] == "10m"
    assert read_definition(form) == definition
    form["definition"]["again_after"] = 600_000
    with pytest.raises(TypeProblem, match="again_after"):
        read_definition(form)
