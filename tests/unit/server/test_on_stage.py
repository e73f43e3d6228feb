"""What comes next in a room is the next link that can be bought and was not presented."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from qianmian.server.on_stage import on_stage
from qianmian.vocabulary.product import Product

IDS = [f"p{n}" for n in range(6)]
LINKS = st.lists(st.none() | st.integers(1, 6), min_size=6, max_size=6)
SOME = st.sets(st.sampled_from(IDS))


@given(LINKS, st.none() | st.sampled_from([*IDS, "unknown"]), SOME, SOME)
def test_next_is_the_nearest_link_that_is_left(
    links: list[int | None], presented: str | None, shown: set[str], gone: set[str]
) -> None:
    """An oracle that walks the numbers of the shelf, twice round."""
    shelf = [Product(one, one.upper(), link) for one, link in zip(IDS, links, strict=True)]
    found = on_stage(shelf, presented, shown, gone.__contains__)
    assert (found.now is None) == (presented is None)
    assert found.is_sold_out == (presented in gone)
    own = next((one.link_number for one in shelf if one.id == presented), None)
    numbers = [*range((own or 0) + 1, 7), *range(1, 7)]
    left = [
        one.id
        for number in numbers
        for one in shelf
        if one.link_number == number and one.id not in {*shown, *gone, presented}
    ]
    assert (found.next.id if found.next else None) == (left[0] if left else None)
