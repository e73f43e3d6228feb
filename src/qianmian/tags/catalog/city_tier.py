"""How large the viewer's city is in the trade's tiers, as the shop or the platform tells it."""

from qianmian.language.story import LevelExample
from qianmian.tags.definition import Tag

DEFINITION = Tag(
    key="city_tier",
    tier="basic",
    freshness="live",
    values={
        "tier_1": "trait.city_tier == tier_1",
        "new_tier_1": "trait.city_tier == new_tier_1",
        "tier_2": "trait.city_tier == tier_2",
        "tier_3": "trait.city_tier == tier_3",
        "lower": "trait.city_tier in (tier_4, tier_5)",
    },
    enough="trait.city_tier in (tier_1, new_tier_1, tier_2, tier_3, tier_4, tier_5)",
    examples=(
        LevelExample("tier 1", ("0s profile_updated trait.city_tier=tier_1",), "2s", "tier_1"),
        LevelExample("tier 5", ("0s profile_updated trait.city_tier=tier_5",), "2s", "lower"),
        LevelExample("a village", ("0s profile_updated trait.city_tier=village",), "2s", None),
        LevelExample("nobody said", ("0s room_entered",), "2s", None),
    ),
)
