"""The identity graph against the obviously slow twin, and its laws."""

from __future__ import annotations

from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from qianmian.profiles.identity import Edge, folded, groups, person_around, sayings
from tests.oracle.people import Link, holding, people

KNOWN = ("a", "b", "c", "d")
links = st.lists(
    st.tuples(
        st.integers(0, 9),
        st.sampled_from([*KNOWN, "?x", "?y", "?z"]),
        st.sampled_from(KNOWN),
        st.booleans(),
    ),
    max_size=25,
)


def rows_of(given: list[Link]) -> list[dict[str, Any]]:
    return [
        {
            "type": "identity_unlinked" if is_over else "identity_linked",
            "clock": 100 + place,
            "event_time": at,
            "viewer": one,
            "linked_viewer": other,
            "source": "crm",
        }
        for place, (at, one, other, is_over) in enumerate(given)
    ]


@given(links)
def test_who_is_who_is_what_a_walk_over_the_links_says(given: list[Link]) -> None:
    edges = folded(sayings(rows_of(given)))
    assert {(one.own, one.known) for one in edges if one.until is None} == holding(given)
    standing, wanted = groups(edges), people(given)
    assert standing.keys() == wanted.keys()
    for one, group in wanted.items():
        assert standing[one] == min(other for other in group if not other.startswith("?"))
        assert person_around(edges, one) == group


@given(links, st.integers())
def test_the_groups_do_not_depend_on_the_order_of_edges(given: list[Link], seed: int) -> None:
    edges = folded(sayings(rows_of(given)))
    mixed = list(edges)
    Random(seed).shuffle(mixed)
    assert groups(mixed) == groups(edges)


@given(links)
def test_what_is_said_twice_is_said_once(given: list[Link]) -> None:
    rows = rows_of(given)
    twice = [row for one in rows for row in (one, one)]
    assert folded(sayings(twice)) == folded(sayings(rows))


def test_an_edge_holds_from_its_link_until_its_end() -> None:
    edges = [Edge("?x", "a", 5, 9, "web"), Edge("b", "a", 7, None, "crm")]
    assert groups(edges, 4) == {}
    assert groups(edges, 5) == {"?x": "a", "a": "a"}
    assert groups(edges, 8) == dict.fromkeys(("?x", "a", "b"), "a")
    assert groups(edges, 9) == groups(edges) == {"a": "a", "b": "a"}
    assert person_around(edges, "?x") == {"?x"}
