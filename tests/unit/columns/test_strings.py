"""Strings as a block of UTF-8 are the list they were made of."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from qianmian.columns.column import StringColumn
from qianmian.columns.strings import Strings, taken

TEXTS = ["", "a", "千面", "x" * 300]


def test_a_block_reads_as_the_list_it_was_made_of() -> None:
    block = Strings.of(TEXTS)
    assert block == TEXTS
    assert (len(block), block[2], block[1:3]) == (4, "千面", ["a", "千面"])
    assert Strings.of(block) is block
    assert block.arrow().equals(pa.array(TEXTS))


@pytest.mark.parametrize("texts", [[], [""], ["", ""]])
def test_a_block_may_hold_nothing(texts: list[str]) -> None:
    assert Strings.of(texts).tolist() == texts


def test_a_slice_of_an_array_gives_its_own_strings_only() -> None:
    block = Strings.of_arrow(pa.array(["zero", *TEXTS]).slice(2, 2))
    assert block == ["a", "千面"]
    assert len(block.data) == len("a千面".encode())


def test_a_lone_surrogate_has_no_utf8() -> None:
    with pytest.raises(UnicodeEncodeError):
        Strings.of(["\ud800"])


def test_some_of_a_block_are_a_block_and_some_of_a_list_a_list() -> None:
    places = np.array([3, 1])
    assert taken(Strings.of(TEXTS), places) == taken(TEXTS, places) == ["x" * 300, "a"]
    assert isinstance(taken(Strings.of(TEXTS), places), Strings)


def test_a_column_over_a_block_is_compacted_to_a_block() -> None:
    column = StringColumn(np.array([2, -1, 0], np.int32), Strings.of(TEXTS))
    small = column.compacted()
    assert [small.get(row) for row in range(3)] == ["千面", None, ""]
    assert len(small.values) == 2
