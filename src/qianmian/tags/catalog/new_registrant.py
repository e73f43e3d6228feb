"""Registered with the shop a few days ago: the first purchase is still to come, or just made.

The shop tells `registered_at`, or the number of days itself; a day later it is one more.
"""

from qianmian.language.story import LevelExample
from qianmian.tags.definition import Tag

DEFINITION = Tag(
    key="new_registrant",
    tier="basic",
    freshness="daily",
    text="trait.registered_days <= {days}",
    parameters={"days": 7},
    enough="trait.registered_days >= 0",
    examples=(
        LevelExample(
            "yesterday", ("0s profile_updated trait.registered_days=1",), "2s", expect=True
        ),
        LevelExample(
            "a year ago", ("0s profile_updated trait.registered_days=365",), "2s", expect=False
        ),
        LevelExample("nobody said", ("0s room_entered",), "2s", None),
    ),
)
