"""Arms by hash: equal to GrowthBook's published cases, even, and independent between strategies."""

from __future__ import annotations

import pytest

from qianmian.strategies.assignment import bucket, is_in_share

# The `hash` section of cases.json, spec 0.5 and later (GrowthBook SDKs, MIT licensed): facts.
CASES = [
    ("", "a", 1, 0.22),
    ("", "b", 1, 0.077),
    ("b", "a", 1, 0.946),
    ("ef", "d", 1, 0.652),
    ("asdf", "8952klfjas09ujk", 1, 0.549),
    ("", "123", 1, 0.011),
    ("", '___)((*":&', 1, 0.563),
    ("seed", "a", 2, 0.0505),
    ("seed", "b", 2, 0.2696),
    ("foo", "ab", 2, 0.2575),
    ("foo", "def", 2, 0.2019),
    ("89123klj", "8952klfjas09ujkasdf", 2, 0.124),
    ("90850943850283058242805", "123", 2, 0.7516),
    ("()**(%$##$%#$#", '___)((*":&', 2, 0.0128),
    ("abc", "def", 99, None),
]
VIEWERS = [f"viewer-{n}" for n in range(20_000)]


@pytest.mark.parametrize(("seed", "value", "version", "expected"), CASES)
def test_it_is_the_published_hash(
    seed: str, value: str, version: int, expected: float | None
) -> None:
    assert bucket(seed, value, version) == expected


@pytest.mark.parametrize("share", [0, 500, 1_000, 10_000])
def test_a_share_is_what_it_says(share: int) -> None:
    found = sum(is_in_share("coupon", one, share) for one in VIEWERS) / len(VIEWERS)
    sigma = (share / 10_000 * (1 - share / 10_000) / len(VIEWERS)) ** 0.5
    assert abs(found - share / 10_000) <= 4 * sigma


def test_who_is_held_out_of_one_strategy_is_not_held_out_of_another() -> None:
    """Chi square of the two by two table, one degree of freedom: 15.1 is one in ten thousand."""
    n = len(VIEWERS)
    one = [is_in_share("coupon_a", viewer, 2_000) for viewer in VIEWERS]
    other = [is_in_share("coupon_b", viewer, 2_000) for viewer in VIEWERS]
    chi = 0.0
    for a in (True, False):
        for b in (True, False):
            seen = sum(x is a and y is b for x, y in zip(one, other, strict=True))
            expected = one.count(a) * other.count(b) / n
            chi += (seen - expected) ** 2 / expected
    assert chi < 15.1


def test_a_larger_share_keeps_everybody_who_was_in() -> None:
    small = {viewer for viewer in VIEWERS if is_in_share("ramp:x", viewer, 1_000)}
    large = {viewer for viewer in VIEWERS if is_in_share("ramp:x", viewer, 5_000)}
    assert small < large
