"""Whether something is sold out is the newest word about it, of the room or of the catalog."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from qianmian.runtime.sold_out import SoldOut

ROOMS, PRODUCTS = ("r1", "r2"), ("p1", "p2")
LEFT = st.integers(-1, 2)
CATALOG = st.dictionaries(st.sampled_from(PRODUCTS), LEFT | st.none())
WORD = st.tuples(st.sampled_from(ROOMS), st.sampled_from(PRODUCTS), LEFT)


@given(CATALOG, st.lists(CATALOG | WORD | st.sampled_from(ROOMS), max_size=12), st.integers(0, 12))
def test_the_newest_word_counts(
    first: dict[str, int | None], told: list[object], kept_at: int
) -> None:
    """An oracle that reads everything from the end: a room's word, a changed number, the end."""
    found = SoldOut(first)
    words: list[tuple[object, ...]] = []
    catalog = first
    for place, one in enumerate(told):
        if place == kept_at:  # a restart changes nothing
            stored = json.loads(json.dumps(found.snapshot()))
            found = SoldOut(catalog)
            found.restore(stored)
        if isinstance(one, dict):
            found.restock(one)
            for product in PRODUCTS:
                if one.get(product) != catalog.get(product):
                    words += [(room, product, None) for room in ROOMS]
            catalog = one
        elif isinstance(one, tuple):
            found.told(*one)
            words.append(one)
        else:
            found.end(str(one))
            words += [(one, product, None) for product in PRODUCTS]
    for room in ROOMS:
        for product in PRODUCTS:
            said = [word[2] for word in words if word[:2] == (room, product)]
            of_room = said[-1] if said else None
            left = of_room if isinstance(of_room, int) else catalog.get(product)
            assert found.has(room, product) == (left is not None and left <= 0)
