"""Interning is bounded, stable, and restored from its own list."""

from __future__ import annotations

import pytest

from qianmian.columns.column import StringColumn
from qianmian.columns.dictionary import (
    ABSENT,
    REFUSED,
    Dictionary,
    hash64_many,
    hash_column,
    shard_column,
)
from qianmian.errors import InputError
from qianmian.vocabulary.ids import hash64, shard_of


def test_codes_are_in_order_of_first_appearance_and_never_change() -> None:
    dictionary = Dictionary(10)
    assert dictionary.intern_many(["b", "a", "b"]).tolist() == [0, 1, 0]
    assert dictionary.intern_many(["c", "a"]).tolist() == [2, 1]
    assert dictionary.code("c") == 2
    assert dictionary.code("z") == ABSENT
    assert dictionary.value(1) == "a"
    assert dictionary.value(ABSENT) is None
    assert "a" in dictionary
    assert len(dictionary) == 3


def test_a_full_dictionary_refuses_and_counts_what_is_new_only() -> None:
    dictionary = Dictionary(2)
    assert dictionary.intern_many(["a", "b", "c", "a", "c"]).tolist() == [0, 1, -2, 0, -2]
    assert dictionary.intern("d") == REFUSED
    assert dictionary.refused == 3
    assert len(dictionary) == 2


def test_a_column_is_interned_once_per_value() -> None:
    dictionary = Dictionary(2, ["x"])
    column = StringColumn.of(["y", None, "x", "z", "y"])
    assert dictionary.intern_column(column).tolist() == [1, ABSENT, 0, REFUSED, 1]
    assert dictionary.refused == 1


def test_a_snapshot_restores_the_same_codes() -> None:
    dictionary = Dictionary(10)
    dictionary.intern_many(["b", "a"])
    restored = Dictionary(10, dictionary.snapshot())
    assert restored.intern_many(["a", "b", "c"]).tolist() == [1, 0, 2]


@pytest.mark.parametrize(
    ("limit", "values"), [(0, []), (1 << 31, []), (1, ["a", "b"]), (9, ["a", "a"])]
)
def test_an_impossible_dictionary_is_refused(limit: int, values: list[str]) -> None:
    with pytest.raises(InputError, match="dictionary"):
        Dictionary(limit, values)


def test_hashes_of_a_column_are_those_of_its_strings() -> None:
    column = StringColumn.of(["a", None, "b", "a"])
    assert hash64_many(["a", "b"]).tolist() == [hash64("a"), hash64("b")]
    assert hash_column(column).tolist() == [hash64("a"), 0, hash64("b"), hash64("a")]


def test_a_row_without_a_viewer_has_no_shard() -> None:
    viewers = StringColumn.of(["a", None, "b"])
    shards = shard_column(viewers, 64, namespace="wx")
    assert shards.tolist() == [
        shard_of("a", 64, namespace="wx"),
        ABSENT,
        shard_of("b", 64, namespace="wx"),
    ]


def test_an_empty_column_has_nothing_to_hash() -> None:
    assert hash_column(StringColumn.absent(2)).tolist() == [0, 0]
    assert shard_column(StringColumn.absent(2), 8).tolist() == [ABSENT, ABSENT]
