"""The age as a band, from a band or an age that was told; minors have no band and are never one."""

from qianmian.language.story import LevelExample
from qianmian.tags.definition import Tag

DEFINITION = Tag(
    key="age_band",
    tier="basic",
    freshness="live",
    values={
        "18_24": 'trait.age_band == "18-24" or (trait.age >= 18 and trait.age <= 24)',
        "25_30": 'trait.age_band == "25-30" or (trait.age >= 25 and trait.age <= 30)',
        "31_40": 'trait.age_band == "31-40" or (trait.age >= 31 and trait.age <= 40)',
        "41_50": 'trait.age_band == "41-50" or (trait.age >= 41 and trait.age <= 50)',
        "51_up": 'trait.age_band == "51+" or trait.age >= 51',
    },
    enough='trait.age_band in ("18-24", "25-30", "31-40", "41-50", "51+") or trait.age >= 0',
    examples=(
        LevelExample("25 years", ("0s profile_updated trait.age=25",), "2s", "25_30"),
        LevelExample("30 years", ("0s profile_updated trait.age=30",), "2s", "25_30"),
        LevelExample("told as a band", ("0s profile_updated trait.age_band=51+",), "2s", "51_up"),
        LevelExample("a minor", ("0s profile_updated trait.age=16",), "2s", False),
        LevelExample("a word", ("0s profile_updated trait.age_band=young",), "2s", None),
        LevelExample("nobody said", ("0s room_entered",), "2s", None),
    ),
)
