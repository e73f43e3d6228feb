"""What the viewer does for a living, as they or the shop told it."""

from qianmian.language.story import LevelExample
from qianmian.tags.definition import Tag

KNOWN = (
    "white_collar",
    "student",
    "self_employed",
    "freelance",
    "worker",
    "parent_at_home",
    "retired",
)

DEFINITION = Tag(
    key="occupation",
    tier="basic",
    freshness="live",
    values={name: f"trait.occupation == {name}" for name in KNOWN},
    enough=f"trait.occupation in ({', '.join(KNOWN)}, other)",
    examples=(
        LevelExample(
            "office", ("0s profile_updated trait.occupation=white_collar",), "2s", "white_collar"
        ),
        LevelExample("another", ("0s profile_updated trait.occupation=other",), "2s", False),
        LevelExample("a word", ("0s profile_updated trait.occupation=diver",), "2s", None),
        LevelExample("nobody said", ("0s room_entered",), "2s", None),
    ),
)
