"""Names in a table of bytes have the codes that a dictionary gives; hashes are those of hashlib."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qianmian.columns.dictionary import ABSENT, REFUSED, Dictionary
from qianmian.columns.strings import Strings
from qianmian.engine.hashing import hash64_of
from qianmian.engine.interning import Interner, short_hashes
from qianmian.errors import InputError
from qianmian.vocabulary.ids import hash64

# lone surrogates have no UTF-8 and no file can carry them
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@given(st.lists(st.lists(texts, max_size=30), max_size=5), st.integers(1, 60))
def test_codes_are_those_of_a_dictionary(calls: list[list[str]], limit: int) -> None:
    interner, dictionary = Interner(limit), Dictionary(limit)
    for values in calls:
        assert interner.intern_many(values).tolist() == dictionary.intern_many(values).tolist()
    names = dictionary.snapshot()
    assert (interner.snapshot(), interner.refused) == (names, dictionary.refused)
    assert interner.values([*range(len(names)), -1, -2]) == [*names, None, None]
    assert [interner.code(name) for name in names] == list(range(len(names)))
    assert Interner(limit, names).snapshot() == names


def test_thousands_of_names_outgrow_every_array_and_keep_their_codes() -> None:
    interner = Interner(1 << 20)
    names = [f"viewer-{number}" for number in range(3_000)]
    assert interner.intern_many(names).tolist() == list(range(3_000))
    assert interner.intern_many(names[::-1]).tolist() == list(range(3_000))[::-1]
    assert interner.value(2_999) == "viewer-2999"


def test_names_with_equal_hashes_are_told_apart_by_their_bytes() -> None:
    interner, other = Interner(10, ["one"]), Interner(10, ["two"])
    # the table says of "one", code 0, that its hash is the one of "two"
    interner._places[:] = other._places
    assert interner.intern_many(["two", "two"]).tolist() == [1, 1]


def test_a_single_name_is_found_or_absent_and_nothing_is_interned() -> None:
    interner = Interner(10, ["a"])
    assert (interner.code("a"), interner.code("b"), len(interner)) == (0, ABSENT, 1)
    assert ("a" in interner, "b" in interner) == (True, False)
    assert (interner.intern("b"), interner.value(ABSENT)) == (1, None)
    assert interner.nbytes > 0


def test_a_full_interner_refuses_and_counts_what_is_new_only() -> None:
    interner = Interner(2)
    assert interner.intern_many(["a", "b", "c", "a", "c"]).tolist() == [0, 1, REFUSED, 0, REFUSED]
    assert interner.refused == 2


@pytest.mark.parametrize(
    ("limit", "values"), [(0, []), (1 << 31, []), (1, ["a", "b"]), (9, ["a", "a"])]
)
def test_an_impossible_interner_is_refused(limit: int, values: list[str]) -> None:
    with pytest.raises(InputError, match="dictionary"):
        Interner(limit, values)


@pytest.mark.parametrize("size", [0, 1, 7, 8, 9, 127, 128, 129, 255, 256, 257, 600])
def test_hashes_of_a_block_are_those_of_a_single_string(size: int) -> None:
    values = ["a" * size, "千" * (size // 3), "plain"]
    block = Strings.of(list(dict.fromkeys(values)))
    assert hash64_of(block).tolist() == [hash64(value) for value in block]
    assert hash64_of(block, np.array([1])).tolist() == [hash64(block[1])]


def test_short_hashes_tell_near_strings_apart() -> None:
    near = [text[:k] for text in ("aaaaaaaaaaaaaaaaa", "\0" * 17) for k in range(18)]
    distinct = list(dict.fromkeys(near))
    assert len(set(short_hashes(Strings.of(distinct)).tolist())) == len(distinct)
