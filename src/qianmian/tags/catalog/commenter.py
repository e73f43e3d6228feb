"""Talks: several comments in this session, whatever they say."""

from qianmian.language.story import LevelExample
from qianmian.tags.definition import Tag

DEFINITION = Tag(
    key="commenter",
    tier="behavior",
    freshness="session",
    text="count(comment_sent) this session >= {times}",
    parameters={"times": 3},
    enough="in room for 2m",
    examples=(
        LevelExample(
            "three", ("0s comment_sent", "1m comment_sent", "9m comment_sent"), "10m", expect=True
        ),
        LevelExample("two", ("0s comment_sent", "60s comment_sent"), "10m", expect=False),
        LevelExample("has just come", ("0s room_entered",), "1m", None),
    ),
)
