"""What the host is presenting, and what comes next: what there is to say while nobody asks.

Next is the product with the next link number that was not presented in this session and can be
bought; behind the last one it begins at the first again. Nobody has planned it: it is the order of
the shelf, which is the one that viewers see.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import NamedTuple

from qianmian.vocabulary.product import Product


class OnStage(NamedTuple):
    """The product that is presented, whether it cannot be bought, and the next one."""

    now: Product | None
    is_sold_out: bool
    next: Product | None


def on_stage(
    products: Iterable[Product],
    presented: str | None,
    shown: Collection[str],
    is_sold_out: Callable[[str], bool],
) -> OnStage:
    """What a room is about.

    Args:
        presented: the product that is presented now.
        shown: all that were in this session.
        is_sold_out: whether a product cannot be bought there.

    Cost: O(products).
    """
    known = {one.id: one for one in products}
    now = None if presented is None else known.get(presented, Product(presented))
    shelf = sorted(
        (one.link_number, one.id)
        for one in known.values()
        if one.link_number is not None and one.title
        and one.id not in shown and one.id != presented and not is_sold_out(one.id)
    )  # fmt: skip
    place = -1 if now is None or now.link_number is None else now.link_number
    after = [one for one in shelf if one[0] > place] or shelf
    is_gone = now is not None and is_sold_out(now.id)
    return OnStage(now, is_gone, known[after[0][1]] if after else None)
