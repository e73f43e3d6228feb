"""Puts many products into the cart and orders none: a cart as a notepad."""

from qianmian.language.story import LevelExample
from qianmian.tags.definition import Tag

CART = tuple(f"{10 * n}s cart_added product=p{n}" for n in range(5))

DEFINITION = Tag(
    key="cart_hoarder",
    tier="behavior",
    freshness="session",
    text=(
        "distinct(cart_added.product) this session >= {products} "
        "and no (order_created or order_paid) this session"
    ),
    parameters={"products": 5},
    examples=(
        LevelExample("five products, no order", CART, "5m", expect=True),
        LevelExample(
            "five times the same",
            tuple(f"{10 * n}s cart_added product=p1" for n in range(5)),
            "5m",
            expect=False,
        ),
        LevelExample("ordered", (*CART, "60s order_created product=p1"), "5m", expect=False),
    ),
)
