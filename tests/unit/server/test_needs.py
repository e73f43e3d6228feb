"""What needs a person: each part by itself, and the most urgent first."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from qianmian.experiments.effect import Effect
from qianmian.experiments.harms import Harm
from qianmian.experiments.interval import Interval
from qianmian.experiments.strategy_effect import StrategyEffect
from qianmian.experiments.switchback import LEAST_PAIRS, Pairs, switchback_of
from qianmian.server.needs import (
    EXPIRES_MS,
    SILENT_MS,
    USED_MS,
    Need,
    Stock,
    by_urgency,
    of_effects,
    of_follow_ups,
    of_harms,
    of_offers,
    of_sessions,
    of_sources,
)
from qianmian.strategies.strategy import Mode

NOW = 1_000_000_000


def found(verdict: Any, why: str = "") -> StrategyEffect:
    effect = Effect(verdict, why, 9, 9, None, 0, None, (), None)
    return StrategyEffect(
        *("one", 1),
        goal="order_paid",
        window_ms=1,
        as_of=NOW,
        effect=effect,
        waiting=0,
        in_holdout=0,
        placeless_refunds=0,
        naive=None,
        unattributable=0,
        other_currency=0,
        offers_minor=0,
        sessions=None,
        by={},
    )


@pytest.mark.parametrize(
    ("mode", "verdict", "why", "kinds"),
    [
        ("full", "harms", "", ["harms"]),
        ("ramp", "harms", "", ["harms"]),
        ("paused", "harms", "", []),  # it reaches nobody any more
        ("ended", "harms", "", []),
        ("full", "unsure", "", []),
        ("full", "works", "", []),
        ("full", None, "sample_ratio", ["not_as_drawn"]),
        ("full", None, "no_control", []),
        ("dry_run", None, "sample_ratio", []),
    ],
)
def test_a_strategy_needs_somebody_while_it_reaches_people_and_harms_or_misleads(
    mode: Mode, verdict: Any, why: str, kinds: list[str]
) -> None:
    told = found(verdict, why)
    needs = of_effects([(mode, told)])
    assert [one.kind for one in needs] == kinds
    assert all(one.effect is told for one in needs)


@pytest.mark.parametrize(("more", "kinds"), [(-1.0, ["harms"]), (1.0, []), (0.0, [])])
def test_what_harms_a_whole_room_needs_somebody_too(more: float, kinds: list[str]) -> None:
    n = LEAST_PAIRS
    acting = 3.0 + more + np.arange(n) % 3 / 10 - 0.1
    none = np.full(n, -1)
    slices = switchback_of(Pairs(acting, np.full(n, 3.0), np.ones(n, np.bool_), none))
    told = replace(found(None, "by_slices"), slices=slices)
    assert [one.kind for one in of_effects([("full", told)])] == kinds


def test_a_source_is_silent_while_a_room_is_live_and_it_was_heard_lately() -> None:
    heard = {
        "now": NOW,
        "just": NOW - SILENT_MS,
        "silent": NOW - SILENT_MS - 1,
        "long": NOW - USED_MS,
        "unused": NOW - USED_MS - 1,
    }
    needs = of_sources(heard, is_live=True, now=NOW)
    assert [(one.key, one.at) for one in needs] == [
        ("long", NOW - USED_MS),
        ("silent", NOW - SILENT_MS - 1),
    ]
    assert of_sources(heard, is_live=False, now=NOW) == []


def test_an_offer_ends_when_a_tenth_is_left() -> None:
    stocks = [("half", 50, 100), ("few", 10, 100), ("gone", 0, 5), ("more", 11, 100)]
    ends = of_offers(Stock(*one) for one in stocks)
    assert [(one.key, one.n) for one in ends] == [("few", 10), ("gone", 0)]


def test_follow_ups_that_end_soon_are_one_sentence() -> None:
    deadlines = [NOW, NOW + 1, NOW + EXPIRES_MS, NOW + EXPIRES_MS + 1]
    assert of_follow_ups(deadlines, NOW) == [Need("follow_ups", n=2, at=NOW + 1)]
    assert of_follow_ups([NOW + EXPIRES_MS + 1], NOW) == []


def test_the_next_session_is_the_first_that_has_not_begun() -> None:
    starts = {"a": NOW + 9, "b": NOW + 3, "c": NOW - 1}
    assert of_sessions(starts, NOW) == [Need("next_session", "b", at=NOW + 3)]
    assert of_sessions({"c": NOW}, NOW) == []


def test_what_harms_comes_before_what_waits() -> None:
    mixed = [Need("next_session"), Need("waiting", "x"), Need("harms", "b"), Need("harms", "a")]
    ordered = by_urgency([*mixed, Need("stopped")])
    assert [one.kind for one in ordered] == ["stopped", "harms", "harms", "waiting", "next_session"]
    assert [one.key for one in ordered[1:3]] == ["b", "a"]


def test_of_the_strategies_that_act_those_near_a_bound_are_told_with_the_harm() -> None:
    more = Interval(0.04, 0.015, 0.065, 0.01)
    far, near, crossed = (
        Harm(name, 900, 100, more, 0.02, is_crossed=name == "missed", is_near=name == "left")
        for name in ("refunded", "left", "missed")
    )
    found = of_harms({"one": [crossed, far, near], "two": [far], "three": [crossed], "four": []})
    assert found == [Need("near_harm", "one", harm=near)]
    assert [one.kind for one in by_urgency([Need("waiting"), *found, Need("harms")])] == [
        "harms", "near_harm", "waiting",
    ]  # fmt: skip
