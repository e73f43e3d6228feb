"""Ids: what one may be, and where it goes."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter

import pytest

from qianmian.errors import InputError
from qianmian.vocabulary.ids import (
    anonymous,
    check_namespace,
    hash64,
    id_problem,
    is_anonymous,
    shard_of,
    viewer_problem,
)


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("u1", None),
        ("观众 7 😀", None),
        ("a" * 128, None),
        ("", "id_empty"),
        ("a" * 129, "id_too_long"),
        ("a\nb", "id_characters"),
        ("a\x85b", "id_characters"),
        ("a\ud800", "id_characters"),
    ],
)
def test_an_id_is_short_and_printable(value: str, problem: str | None) -> None:
    assert id_problem(value) == problem


def test_a_known_viewer_cannot_pose_as_an_anonymous_one() -> None:
    assert viewer_problem("?a") == "id_reserved"
    assert viewer_problem("a?") is None
    assert anonymous("a") == "?a"
    assert anonymous("?a") == "?a"
    assert is_anonymous("?a")
    assert not is_anonymous("a")


@pytest.mark.parametrize("name", ["default", "wx.app-1", "1688:shop"])
def test_a_namespace_is_plain(name: str) -> None:
    assert check_namespace(name) == name


@pytest.mark.parametrize("name", ["", "Default", "-a", "a b", "a\n", "a" * 65])
def test_what_is_no_namespace_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="is not a namespace"):
        check_namespace(name)


def test_the_hash_of_a_string_is_pinned() -> None:
    # Logs and snapshots hold shard numbers: a change here moves every viewer.
    assert hash64("") == 0xB4B2797457A0A6E4
    assert hash64("u1") == 0xD56A4E3F684D9992
    assert shard_of("u1", 64) == 62


def test_the_hash_does_not_depend_on_the_process() -> None:
    code = "from qianmian.vocabulary.ids import hash64; print(hash64('观众'))"
    for seed in ("0", "1"):
        output = subprocess.run(
            [sys.executable, "-c", code],
            check=True,
            capture_output=True,
            text=True,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
        ).stdout
        assert int(output) == hash64("观众")


def test_viewers_spread_evenly_over_shards() -> None:
    counts = Counter(shard_of(f"u{i}", 8) for i in range(8_000))
    assert set(counts) == set(range(8))
    assert max(counts.values()) < 1_150  # 1,000 each, standard deviation 30


def test_a_namespace_is_part_of_the_shard_of_a_viewer() -> None:
    shards = {shard_of("u1", 1 << 15, namespace=name) for name in ("a", "b", "c", "d")}
    assert len(shards) == 4


@pytest.mark.parametrize("shards", [0, -1, (1 << 15) + 1])
def test_an_impossible_number_of_shards_is_refused(shards: int) -> None:
    with pytest.raises(InputError, match="the count must be"):
        shard_of("u1", shards)
