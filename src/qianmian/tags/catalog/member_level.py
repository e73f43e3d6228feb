"""The level of membership in the shop."""

from qianmian.language.story import LevelExample
from qianmian.tags.definition import Tag

DEFINITION = Tag(
    key="member_level",
    tier="basic",
    freshness="live",
    values={
        "none": "trait.member_level == none",
        "basic": "trait.member_level == basic",
        "silver": "trait.member_level == silver",
        "gold": "trait.member_level == gold",
        "diamond": "trait.member_level == diamond",
    },
    enough="trait.member_level in (none, basic, silver, gold, diamond)",
    examples=(
        LevelExample("gold", ("0s profile_updated trait.member_level=gold",), "2s", "gold"),
        LevelExample("no member", ("0s profile_updated trait.member_level=none",), "2s", "none"),
        LevelExample("odd", ("0s profile_updated trait.member_level=friend",), "2s", None),
        LevelExample("nobody said", ("0s room_entered",), "2s", None),
    ),
)
