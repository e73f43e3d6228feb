"""Told by the viewer, the platform or the shop; never guessed from a name, a picture or a style."""

from qianmian.language.story import LevelExample
from qianmian.tags.definition import Tag

DEFINITION = Tag(
    key="gender",
    tier="basic",
    freshness="live",
    values={"female": "trait.gender == female", "male": "trait.gender == male"},
    enough="trait.gender in (female, male, other)",
    examples=(
        LevelExample(
            "told", ("0s room_entered", "1s profile_updated trait.gender=female"), "2s", "female"
        ),
        LevelExample(
            "the newest telling counts",
            ("0s profile_updated trait.gender=female", "1s profile_updated trait.gender=male"),
            "2s",
            "male",
        ),
        LevelExample("neither", ("0s profile_updated trait.gender=other",), "2s", False),
        LevelExample("nobody said", ("0s room_entered",), "2s", None),
    ),
)
