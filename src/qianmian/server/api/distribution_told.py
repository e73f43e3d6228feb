"""How a tag would divide people, in the words of the API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, get_args

from qianmian.language.sentence import value_in_words
from qianmian.locales.texts import document
from qianmian.profiles.stage import Stage
from qianmian.server.api.definition_models import DistributionModel, GroupingModel, ShareModel
from qianmian.storage.history_reader.answers import Distribution, Share

_CITIES: Final = ("tier_1", "new_tier_1", "tier_2", "tier_3", "tier_4", "tier_5")
_VALUES: Final[Mapping[str, tuple[str, ...]]] = {
    "city_tier": _CITIES,
    "life_stage": get_args(Stage),
}
GROUPS: Final = tuple((trait, value) for trait, values in _VALUES.items() for value in values)
"""Traits and values by which people are divided beside the tag: two that most shops know."""


def distribution_model(found: Distribution, took_ms: int) -> DistributionModel:
    """The numbers; of the groups those that have people."""
    groupings = [
        GroupingModel(
            trait=trait,
            names={"zh": _trait(trait, "zh-CN"), "en": _trait(trait, "en-US")},
            shares=[
                _share(trait, value, share)
                for value in values
                if (share := found.groups[f"{trait}.{value}"]).total
            ],
        )
        for trait, values in _VALUES.items()
    ]
    return DistributionModel(
        as_of=found.as_of,
        took_ms=took_ms,
        everybody=_share("", "", found.everybody),
        groupings=[one for one in groupings if one.shares],
    )


def _share(trait: str, value: str, share: Share) -> ShareModel:
    return ShareModel(
        value=value,
        names={
            "zh": value_in_words(trait, value, "zh-CN"),
            "en": value_in_words(trait, value, "en-US"),
        },
        total=share.total,
        yes=share.yes,
        no=share.no,
        unknown=share.unknown,
    )


def _trait(trait: str, locale: str) -> str:
    return str(document(locale, "language")[f"trait.{trait}"])
