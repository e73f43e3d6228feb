"""What the viewer does for a living, as they or the shop told it."""

from qianmian.language.story import LevelExample
from qianmian.tags.definition import Tag

DEFINITION = Tag(
    key="occupation",
    tier="basic",
    freshness="live",
    values={
        name: f"trait.occupation == {name}"
        for name in (
            "white_collar",
            "student",
            "self_employed",
            "freelance",
            "worker",
            "parent_at_home",
            "retired",
        )
    },
    enough='trait.occupation != ""',
    examples=(
        LevelExample(
            "office", ("0s profile_updated trait.occupation=white_collar",), "2s", "white_collar"
        ),
        LevelExample("rare", ("0s profile_updated trait.occupation=diver",), "2s", False),
        LevelExample("nobody said", ("0s room_entered",), "2s", None),
    ),
)
