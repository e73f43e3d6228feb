"""Stays for long in one visit."""

from qianmian.language.story import LevelExample
from qianmian.tags.definition import Tag

DEFINITION = Tag(
    key="deep_watcher",
    tier="behavior",
    freshness="live",
    text="in room for {stay}",
    parameters={"stay": "15m"},
    examples=(
        LevelExample("a quarter of an hour", ("0s room_entered",), "15m", expect=True),
        LevelExample("not yet", ("0s room_entered",), "14m", expect=False),
        LevelExample("left", ("0s room_entered", "16m room_left"), "17m", expect=False),
    ),
)
