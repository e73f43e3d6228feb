"""Where a level could hold if what is unknown were known."""

from __future__ import annotations

import pytest

from qianmian.language.evidence import perhaps, told
from qianmian.language.normalize import normalize
from qianmian.language.parse import parse
from qianmian.language.text import show

TOLD = show(told("x"))
ENOUGH = {"gender_female": "gender_enough", "commenter": "commenter_enough"}


@pytest.mark.parametrize(
    ("text", "could"),
    [
        ("trait.x == a", f"trait.x == a or not ({TOLD})"),
        ("not trait.x == a", "not trait.x == a"),
        ("not not trait.x == a", f"not not (trait.x == a or not ({TOLD}))"),
        ("tag.gender_female", "tag.gender_female or not tag.gender_enough"),
        ("tag.commenter", "tag.commenter or not tag.commenter_enough"),
        ("tag.sharer", "tag.sharer"),
        ("tag.carts >= 3", "tag.carts >= 3 or not tag.carts"),
        ("not tag.carts >= 3", "not tag.carts >= 3"),
        (
            "liked this session and tag.commenter",
            "liked this session and (tag.commenter or not tag.commenter_enough)",
        ),
        (
            "liked this session or not (shared this session or tag.commenter)",
            "liked this session or not (shared this session or tag.commenter)",
        ),
    ],
)
def test_what_nobody_told_could_be_so(text: str, could: str) -> None:
    assert show(perhaps(parse(text), ENOUGH)) == show(parse(could))


def test_a_number_that_nobody_told_could_be_any() -> None:
    some = f"(trait.x >= 0 or not ({TOLD})) or (trait.x < 0 or not ({TOLD}))"
    assert normalize(perhaps(parse("number trait.x"))) == parse(some)
