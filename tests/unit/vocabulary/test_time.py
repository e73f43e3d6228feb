"""Durations as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qianmian.errors import SyntaxProblem
from qianmian.vocabulary.time import MAX_DURATION_MS, format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("0s", 0),
        ("250ms", 250),
        ("90s", 90_000),
        ("2m", 120_000),
        ("1h30m", 5_400_000),
        ("7d", 604_800_000),
        ("1m250ms", 60_250),
    ],
)
def test_a_duration_is_read(text: str, ms: int) -> None:
    assert parse_duration(text) == ms


@pytest.mark.parametrize("text", ["", "5", "m", "2 m", "-2m", "2m ", "1.5h", "2x", "3661d", "２m"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(SyntaxProblem):
        parse_duration(text)


@pytest.mark.parametrize(("ms", "text"), [(0, "0s"), (90_000, "90s"), (120_000, "2m"), (1, "1ms")])
def test_a_duration_is_written_short(ms: int, text: str) -> None:
    assert format_duration(ms) == text


@given(st.integers(0, MAX_DURATION_MS))
def test_reading_gives_back_what_was_written(ms: int) -> None:
    assert parse_duration(format_duration(ms)) == ms
