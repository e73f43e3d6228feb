"""Acts far more than watching needs: a live sign of interest, not of money."""

from qianmian.language.story import LevelExample
from qianmian.tags.definition import Tag

ACTS = tuple(f"{60 * n}s liked" for n in range(10))

DEFINITION = Tag(
    key="highly_engaged",
    tier="behavior",
    freshness="live",
    text="count(comment_sent or liked or shared or product_clicked) within {window} >= {acts}",
    parameters={"window": "10m", "acts": 10},
    enough="in room for 2m",
    examples=(
        LevelExample("ten likes in ten minutes", ACTS, "9m30s", expect=True),
        LevelExample("the first has fallen out of the window", ACTS, "10m", expect=False),
        LevelExample("only watches", ("0s room_entered",), "5m", expect=False),
        LevelExample("has just come", ("0s room_entered", "10s liked"), "1m", None),
    ),
)
