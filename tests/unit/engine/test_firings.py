"""Firings as columns read as the list of firings that they are, in output order."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from qianmian.columns.dictionary import Dictionary
from qianmian.engine.firings import Fired, Firings, Legend, in_order, ranks_of
from qianmian.engine.interning import Interner
from qianmian.vocabulary.firing import Firing

VIEWERS = ["b", "a", "ab", "é", "z", "你", "\U0001f600", "?a"]
LEGEND = Legend(
    viewers=Interner(100, VIEWERS),
    rooms=Dictionary(100, ["south", "north"]),
    sessions=["s1", "s2"],
    moments=[("hot", 2), ("cold", 1)],
    keys=[Dictionary(100, ["q", "p", "pq"]), Dictionary(100, ["c"])],
    ranks=ranks_of(["hot", "cold"]),
    namespace="wx",
)
rows = st.tuples(
    st.integers(0, 3),
    st.integers(-1, len(VIEWERS) - 1),
    st.integers(0, 1),
    st.integers(0, 1),
    st.just(0),
    st.integers(-1, 2),
) | st.tuples(
    st.integers(0, 3), st.integers(-1, 7), st.integers(0, 1), st.just(0), st.just(1), st.just(-1)
)


def fired(entries: list[tuple[int, ...]]) -> Fired:
    at, *others = np.array(entries, np.int64).reshape(-1, 6).T
    viewer, room, session, definition, key = (column.astype(np.int32) for column in others)
    return Fired(at, viewer, room, session, definition, key)


@given(st.lists(rows, max_size=60))
def test_columns_are_in_the_order_of_the_objects(entries: list[tuple[int, ...]]) -> None:
    given_order = Firings(fired(entries), LEGEND)
    ordered = Firings(in_order(fired(entries), LEGEND), LEGEND)
    assert [one.order for one in ordered] == sorted(one.order for one in given_order)
    assert sorted(map(repr, ordered)) == sorted(map(repr, given_order))


def test_they_are_a_list() -> None:
    firings = Firings(fired([(5, 0, 1, 1, 0, 1), (6, -1, 0, 0, 1, -1)]), LEGEND)
    one = Firing(5, "b", "north", "s2", "hot", 2, "p", "wx")
    other = Firing(6, None, "south", "s1", "cold", 1, None, "wx")
    assert firings == [one, other]
    assert firings != [other, one]
    assert (len(firings), firings[0], firings[-1:]) == (2, one, [other])
    assert ([one] + firings)[1:] == firings  # noqa: RUF005 — what callers write
    assert firings + firings == [one, other, one, other]
    more = [one]
    more += firings
    assert more == [one, one, other]
    assert repr(firings) == repr([one, other])


def test_nothing_is_an_empty_list() -> None:
    assert Firings(in_order(Fired.joined([]), LEGEND), LEGEND) == []
