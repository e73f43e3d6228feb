"""Turns to one category: at least half of the decayed weight of five acts and more."""

from qianmian.language.story import LevelExample
from qianmian.tags.definition import Tag

LOOKS = tuple(f"{n}s product_viewed product=p{n} category=serum" for n in range(5))

DEFINITION = Tag(
    key="category_lover",
    tier="behavior",
    freshness="daily",
    preference="category",
    examples=(
        LevelExample("five looks at serums", LOOKS, "1m", "serum"),
        LevelExample(
            "a little of everything",
            tuple(f"{n}s product_viewed product=p{n} category=c{n}" for n in range(5)),
            "1m",
            expect=False,
        ),
        LevelExample("four acts are too few", LOOKS[1:], "1m", None),
    ),
)
