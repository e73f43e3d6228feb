"""看了又看没买: many product pages, nothing in the cart, no order."""

from qianmian.language.story import LevelExample
from qianmian.segments.definition import Segment

PAGES = tuple(f"{60 * n}s product_viewed product=p{n % 2}" for n in range(5))

DEFINITION = Segment(
    key="viewed_not_bought",
    text=(
        "count(product_viewed) this session >= {views} "
        "and no (cart_added or order_created or order_paid) this session"
    ),
    parameters={"views": 5},
    examples=(
        LevelExample("five looks at two products", PAGES, "10m", expect=True),
        LevelExample("four looks", PAGES[1:], "10m", expect=False),
        LevelExample(
            "put one into the cart", (*PAGES, "6m cart_added product=p1"), "10m", expect=False
        ),
    ),
)
