"""How many days ago somebody registered, as the shop or its platform told it.

Nobody has registered zero days ago because nothing was told: then the number is unknown.
"""

from qianmian.language.story import LevelExample
from qianmian.tags.definition import Tag

DEFINITION = Tag(
    key="days_registered",
    tier="basic",
    freshness="live",
    number="trait.registered_days",
    examples=(
        LevelExample("a year", ("0s profile_updated trait.registered_days=365",), "2s", 365),
        LevelExample("today", ("0s profile_updated trait.registered_days=0",), "2s", 0),
        LevelExample("a word", ("0s profile_updated trait.registered_days=many",), "2s", None),
        LevelExample("nobody said", ("0s room_entered",), "2s", None),
    ),
)
