"""Keeps to one price band: at least half of the decayed weight of five acts and more."""

from qianmian.language.story import LevelExample
from qianmian.tags.definition import Tag

LOOKS = tuple(f"{n}s product_viewed product=p{n} price={29_900 + n}" for n in range(5))

DEFINITION = Tag(
    key="price_band_lover",
    tier="behavior",
    freshness="daily",
    preference="price_band",
    examples=(
        LevelExample("around ¥299", LOOKS, "1m", "200_500"),
        LevelExample(
            "a cart weighs more than looks",
            (*LOOKS, "1m cart_added product=q price=99", "2m cart_added product=q price=99"),
            "3m",
            "under_50",
        ),
        LevelExample(
            "from cheap to dear",
            tuple(
                f"{n}s product_viewed product=p{n} price={price}"
                for n, price in enumerate((99, 9_900, 29_900, 59_900, 599_900))
            ),
            "1m",
            expect=False,
        ),
        LevelExample("no prices", ("0s product_viewed product=p1",), "1m", None),
    ),
)
