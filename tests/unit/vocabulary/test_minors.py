"""Minors: by what is told, and what each mode makes of it."""

from __future__ import annotations

import pytest

from qianmian.vocabulary.minors import is_minor, may_profile


@pytest.mark.parametrize(
    ("traits", "wanted"),
    [
        ({}, None),
        ({"city": "x"}, None),
        ({"age": 17}, True),
        ({"age": 18}, False),
        ({"age": True}, None),
        ({"age_band": "14-17"}, True),
        ({"age_band": "25-30"}, False),
        ({"minor": True, "age": 40}, True),
        ({"minor": False, "age": 12}, True),
        ({"minor": False}, False),
    ],
)
def test_what_speaks_for_a_minor_counts_more(
    traits: dict[str, object], wanted: bool | None
) -> None:
    assert is_minor(traits) is wanted


def test_each_mode() -> None:
    minor, adult, unknown = {"age": 16}, {"age": 30}, {"city": "x"}
    told = {
        mode: [may_profile(one, mode) for one in (minor, adult, unknown)]
        for mode in ("exclude", "strict", "off")
    }
    assert told == {
        "exclude": [False, True, True],
        "strict": [False, True, False],
        "off": [True, True, True],
    }
