"""Whom a strategy leaves out because of their age: what `may_profile` says, in the live engine."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any, get_args

import pytest

from qianmian.bootstrap import Cores
from qianmian.columns.batch import EventBatch
from qianmian.language.ast import And
from qianmian.language.normalize import normalize
from qianmian.language.parse import parse, parse_definition
from qianmian.language.story import ROOM, START_MS
from qianmian.strategies.compiling import definitions_of
from qianmian.strategies.minors import minor_guards, without_minor_guards
from qianmian.vocabulary.minors import MinorsMode, may_profile, minor_bands
from tests.strategy_shop import decided, decider, strategy

NAMES = ("minor", "age", "age_band")
MINOR = (None, True, False)
AGE = (None, 17, 17.5, 18, 40, "14-17", "40")
BAND = (None, "minor", "25-30", 16)
TOLD: tuple[Mapping[str, Any], ...] = (
    *(
        {name: one for name, one in zip(NAMES, some, strict=True) if one is not None}
        for some in itertools.product(MINOR, AGE, BAND)
    ),
    *({"age_band": band} for band in sorted(minor_bands())),
    {"age_group": "未成年人"},
    {"age_range": "15-17", "age": 30},
    {"age_range": "31-40"},
    {"minor": "true"},
    {"city": "x"},
)
MOMENT = parse_definition("liked_now", "liked", "moment")
LIKES = strategy("likes", moment="liked_now")


@pytest.mark.parametrize("mode", get_args(MinorsMode))
def test_a_strategy_concerns_exactly_those_who_may_have_a_profile(mode: MinorsMode) -> None:
    viewers = {f"v{k}": told for k, told in enumerate(TOLD)}
    place = {"clock": START_MS, "event_time": START_MS, "room": ROOM}
    rows: list[dict[str, Any]] = [
        {**place, "type": "profile_updated", "viewer": viewer, "traits": dict(told)}
        for viewer, told in viewers.items()
    ]
    rows += [{**place, "type": "liked", "viewer": viewer} for viewer in viewers]

    core = Cores().new([MOMENT, *definitions_of((LIKES,), (MOMENT,), mode)])
    firings = [one for one in core.run(EventBatch.from_rows(rows)) if one.moment != MOMENT.key]
    decisions = decided(decider(LIKES), *firings)

    wanted = {viewer for viewer, told in viewers.items() if may_profile(told, mode)}
    assert {one.viewer for one in decisions if one.outcome == "act"} == wanted
    assert 0 < len(wanted) <= len(viewers)


@pytest.mark.parametrize("mode", get_args(MinorsMode))
def test_a_condition_is_told_without_the_rule(mode: MinorsMode) -> None:
    """What is left is what somebody wrote; what is only the rule stays as it is."""
    for text in ("liked", "liked and not tag.bought_this_session"):
        own = parse(text)
        whole = normalize(And((own, *minor_guards(mode)))) if mode != "off" else own
        assert without_minor_guards(whole, mode) == (normalize(own), mode != "off")
    alone = normalize(And(tuple(minor_guards("strict"))))
    assert without_minor_guards(alone, "strict") == (alone, False)
