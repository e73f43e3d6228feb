"""Follows the shop: since this session, or before as the shop or the platform told it."""

from qianmian.language.story import LevelExample
from qianmian.tags.definition import Tag

DEFINITION = Tag(
    key="follower",
    tier="basic",
    freshness="session",
    text="followed this session or trait.follower == true",
    enough="trait.follower == false",
    examples=(
        LevelExample("follows now", ("0s room_entered", "5s followed"), "10s", expect=True),
        LevelExample("did before", ("0s profile_updated trait.follower=true",), "2s", expect=True),
        LevelExample("does not", ("0s profile_updated trait.follower=false",), "2s", expect=False),
        LevelExample("nobody said", ("0s room_entered",), "2s", None),
    ),
)
