"""Is here, watches, and gives no sign: neither a word nor a like."""

from qianmian.language.story import LevelExample
from qianmian.tags.definition import Tag

DEFINITION = Tag(
    key="silent_watcher",
    tier="behavior",
    freshness="live",
    text=(
        "in room for {stay} and "
        "no (comment_sent or liked or shared or gift_sent or voice_joined) this visit"
    ),
    parameters={"stay": "5m"},
    enough="in room for {stay} or (comment_sent or liked or shared or gift_sent or voice_joined)"
    " this visit",
    examples=(
        LevelExample(
            "five minutes without a word",
            ("0s room_entered", "60s product_viewed product=p1"),
            "5m",
            expect=True,
        ),
        LevelExample("one like", ("0s room_entered", "60s liked"), "5m", expect=False),
        LevelExample("has just come", ("0s room_entered",), "1m", None),
    ),
)
