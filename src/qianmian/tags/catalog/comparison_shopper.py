"""Looks at many products before deciding, and has not decided."""

from qianmian.language.story import LevelExample
from qianmian.tags.definition import Tag

PAGES = tuple(f"{60 * n}s product_viewed product=p{n}" for n in range(5))

DEFINITION = Tag(
    key="comparison_shopper",
    tier="behavior",
    freshness="live",
    text=(
        "distinct(product_viewed.product) within {window} >= {products} "
        "and no (order_created or order_paid) this session"
    ),
    parameters={"window": "30m", "products": 5},
    examples=(
        LevelExample("five pages", PAGES, "10m", expect=True),
        LevelExample("forgotten after half an hour", PAGES, "31m", expect=False),
        LevelExample("has decided", (*PAGES, "5m order_created product=p1"), "10m", expect=False),
    ),
)
