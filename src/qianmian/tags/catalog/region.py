"""The part of China a viewer lives in: a region that was told, or that of the told province.

Provinces are told by their ISO 3166-2 codes without the "CN-".
"""

from qianmian.language.story import LevelExample
from qianmian.tags.definition import Tag

PROVINCES = {
    "north": "BJ TJ HE SX NM",
    "northeast": "LN JL HL",
    "east": "SH JS ZJ AH FJ JX SD",
    "central": "HA HB HN",
    "south": "GD GX HI",
    "southwest": "CQ SC GZ YN XZ",
    "northwest": "SN GS QH NX XJ",
    "hmt_and_overseas": "HK MO TW",  # other rules for delivery and tax
}


def _text(region: str, provinces: str) -> str:
    listed = ", ".join(f'"{name}"' for name in provinces.split())
    return f"trait.region == {region} or trait.province in ({listed})"


DEFINITION = Tag(
    key="region",
    tier="basic",
    freshness="live",
    values={region: _text(region, provinces) for region, provinces in PROVINCES.items()},
    enough=" or ".join(_text(region, provinces) for region, provinces in PROVINCES.items()),
    examples=(
        LevelExample("a province", ("0s profile_updated trait.province=ZJ",), "2s", "east"),
        LevelExample("a region", ("0s profile_updated trait.region=south",), "2s", "south"),
        LevelExample("somewhere else", ("0s profile_updated trait.region=moon",), "2s", None),
        LevelExample("nobody said", ("0s room_entered",), "2s", None),
    ),
)
