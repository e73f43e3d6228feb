"""Turns to one brand: at least half of the decayed weight of five acts and more."""

from qianmian.language.story import LevelExample
from qianmian.tags.definition import Tag

LOOKS = tuple(f"{n}s product_clicked product=p{n} brand=b" for n in range(5))

DEFINITION = Tag(
    key="brand_lover",
    tier="behavior",
    freshness="daily",
    preference="brand",
    examples=(
        LevelExample("five clicks on one brand", LOOKS, "1m", "b"),
        LevelExample(
            "two brands and a third",
            (
                *LOOKS[:2],
                "6s product_clicked product=q brand=c",
                "7s product_clicked product=q brand=c",
                "8s product_clicked product=q brand=d",
            ),
            "1m",
            expect=False,
        ),
        LevelExample("four acts are too few", LOOKS[1:], "1m", None),
    ),
)
