from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from qianmian.errors import InputError
from qianmian.language.parse import parse
from qianmian.runtime.vectors import (
    VectorBench,
    VectorFailure,
    check_vector,
    differ_in_numbers_only,
    find_vectors,
)
from tests.fakes.engine import FakeEngine


class FakeMaker:
    """Every engine is a fake one; a restart gives the same one back."""

    def __init__(self) -> None:
        self.engine = FakeEngine()

    def new(self, *_: Any, **__: Any) -> Any:
        return self.engine

    def restored(self, snapshot: bytes, facts: object = None) -> Any:
        assert snapshot == b"fake"
        return self.engine


ORDER = {"type": "order_paid", "viewer": "u", "room": "shop", "message_id": "a", "order_id": "o"}
FIRED = {
    "at": 5,
    "viewer": "u",
    "room": "shop",
    "moment": "just_ordered",
    "because": ["a"],
}
VECTOR: dict[str, Any] = {
    "name": "an order",
    "definitions": [
        {"key": "just_ordered", "text": "order_paid"},
        {"key": "first_visit", "text": "visit_started"},
    ],
    "catalog": [],
    "timeline": [{"at": 5, "event": ORDER}, {"at": 9, "do": "tick"}, {"at": 9, "do": "restart"}],
    "expected": [FIRED | {"moment": "first_visit"}, FIRED],
}


def check(folder: Path, vector: object) -> VectorFailure | None:
    path = folder / "v.json"
    path.write_text(vector if isinstance(vector, str) else json.dumps(vector), encoding="utf-8")
    return check_vector(path, VectorBench(FakeMaker(), len))


def test_a_vector_that_holds_is_no_failure(tmp_path: Path) -> None:
    assert check(tmp_path, VECTOR) is None


@pytest.mark.parametrize(
    ("expected", "reason", "place"),
    [
        ([], "2 firing(s) too many", 0),
        ([FIRED | {"moment": "first_visit"}], "1 firing(s) too many", 1),
        ([FIRED | {"moment": "first_visit"}, FIRED, FIRED], "1 firing(s) missing", 2),
        ([FIRED | {"moment": "first_visit"}, FIRED | {"at": 6}], "firing 1 differs in at", 1),
        (
            [FIRED | {"moment": "first_visit"}, FIRED | {"because": [], "key": "p"}],
            "firing 1 differs in because, key",
            1,
        ),
    ],
)
def test_the_first_difference_is_told(
    tmp_path: Path, expected: list[Any], reason: str, place: int
) -> None:
    failure = check(tmp_path, VECTOR | {"expected": expected})
    assert failure is not None
    assert (failure.reason, failure.place, failure.name) == (reason, place, "an order")


@pytest.mark.parametrize(
    ("vector", "says"),
    [
        ("{", "not a vector"),
        ("[]", "not a vector"),
        (VECTOR | {"surprise": 1}, "unknown field `surprise`"),
        ({k: v for k, v in VECTOR.items() if k != "expected"}, "missing required field `expected`"),
        (VECTOR | {"lateness": "5s"}, "Expected `int`, got `str` - at `$.lateness`"),
        (VECTOR | {"timeline": [{"at": 5}]}, "timeline[0] is neither"),
        (VECTOR | {"timeline": [{"at": 5, "do": "dance"}]}, "timeline[0] is neither"),
        (VECTOR | {"timeline": [{"at": 5, "do": "tick"}, {"at": 4, "do": "tick"}]}, "goes back"),
        (VECTOR | {"timeline": [{"at": 5, "event": {"type": "order_payed"}}]}, "timeline[0]"),
        (VECTOR | {"definitions": [{"key": "m", "text": "order_payed"}]}, "order_payed"),
        (VECTOR | {"catalog": [{"id": 5}]}, "catalog"),
    ],
)
def test_a_document_that_cannot_be_run_says_why(tmp_path: Path, vector: object, says: str) -> None:
    failure = check(tmp_path, vector)
    assert failure is not None
    assert says in failure.reason


def test_folders_are_walked_and_what_is_not_there_is_told(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "b.json").touch()
    (tmp_path / "a.json").touch()
    assert [path.name for path in find_vectors([tmp_path])] == ["a.json", "b.json"]
    with pytest.raises(InputError, match="there is no file"):
        find_vectors([tmp_path / "missing.json"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no vector"):
        find_vectors([tmp_path / "empty"])


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("count(liked) within 10s >= 3", "count(liked) within 20s >= 4", True),
        ("count(liked) within 10s >= 3", "count(shared) within 10s >= 3", False),
        ("count(liked) within 10s >= 3", "count(liked) this session >= 3", False),
        ("count(liked) within 10s >= 3", "count(liked) within 10s < 3", False),
        ("liked where quantity >= 3", "liked where quantity >= 4", False),
        ("liked and idle for 5s", "liked and idle for 6s", True),
        ("liked and idle for 5s", "liked and in room for 5s", False),
    ],
)
def test_an_edit_of_numbers_only_is_told_from_any_other(
    one: str, other: str, *, same: bool
) -> None:
    assert differ_in_numbers_only(parse(one), parse(other)) is same
