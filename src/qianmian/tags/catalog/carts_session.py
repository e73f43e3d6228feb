"""How often something was put into the cart in this session.

For conditions that draw the line elsewhere than the ready-made tags do: `tag.carts_session >= 3`.
"""

from qianmian.language.story import LevelExample
from qianmian.tags.definition import Tag

DEFINITION = Tag(
    key="carts_session",
    tier="behavior",
    freshness="session",
    number="count(cart_added) this session",
    examples=(
        LevelExample(
            "three times, two products",
            (
                "0s cart_added product=p1",
                "20s cart_added product=p2",
                "40s cart_added product=p1",
            ),
            "5m",
            expect=3,
        ),
        LevelExample("only looked", ("0s product_viewed product=p1",), "5m", expect=0),
    ),
)
