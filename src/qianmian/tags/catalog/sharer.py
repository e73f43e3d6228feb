"""Shared the room in this session."""

from qianmian.language.story import LevelExample
from qianmian.tags.definition import Tag

DEFINITION = Tag(
    key="sharer",
    tier="behavior",
    freshness="session",
    text="count(shared) this session >= {times}",
    parameters={"times": 1},
    examples=(
        LevelExample("shared once", ("0s room_entered", "30s shared"), "1h", expect=True),
        LevelExample("likes only", ("0s room_entered", "30s liked"), "1m", expect=False),
    ),
)
