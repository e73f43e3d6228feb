"""The band over time is what the report itself would have said at each of its instants."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qianmian.experiments.effect import Plan, effect_of
from qianmian.experiments.over_time import MOST, over_time
from qianmian.experiments.population import (
    CONTROL,
    NO_ORDER,
    PAID,
    REACHED,
    TREATED,
    Acts,
    Decided,
    population_of,
)

WINDOW_MS = 60_000


def evening(seed: int, people: int) -> tuple[Decided, Acts]:
    """Decisions over ten minutes, and of about a third an order some time later."""
    rng = np.random.default_rng(seed)
    at = rng.integers(0, 600_000, people)
    person = np.arange(people)
    arm = np.where(rng.random(people) < 0.3, CONTROL, TREATED).astype(np.int8)
    who = person[rng.random(people) < 0.4]
    bought = at[who] + rng.integers(1, 90_000, len(who))
    nobody = np.zeros(people, np.int64)
    one = np.full(len(who), 100)
    kinds = (PAID, REACHED)
    acts = Acts(
        np.tile(who, 2),
        np.tile(bought, 2),
        np.repeat(np.array(kinds, np.int8), len(who)),
        np.tile(one, 2),
        np.full(2 * len(who), NO_ORDER),
    )
    return Decided(person, at, arm, nobody, nobody), acts


@given(st.integers(0, 1 << 32), st.integers(2, 400))
def test_each_instant_shows_what_was_told_then(seed: int, people: int) -> None:
    decided, acts = evening(seed, people)
    plan = Plan()
    whole = population_of(decided, acts, window_ms=WINDOW_MS, as_of=1 << 40)
    found = over_time(whole.outcomes()[0], whole.is_treated, whole.until, plan)
    assert len(found) <= MOST
    assert [one.as_of for one in found] == sorted({one.as_of for one in found})
    shown = {one.as_of: one for one in found}
    known = sorted({int(one) for one in whole.at + WINDOW_MS})
    for as_of in known if len(known) <= MOST else shown:
        then = population_of(decided, acts, window_ms=WINDOW_MS, as_of=as_of)
        told = effect_of(then.outcomes(), then.is_treated, plan).primary
        one = shown.get(as_of)
        if told is None or not told.is_enough:
            assert one is None
            continue
        assert one is not None
        assert (one.treated, one.control) == (told.treated.n, told.control.n)
        assert (one.absolute, one.relative) == (told.absolute, told.relative)


def test_the_last_instant_is_the_report_itself_and_parts_are_about_equal() -> None:
    decided, acts = evening(7, 4_800)
    whole = population_of(decided, acts, window_ms=WINDOW_MS, as_of=1 << 40)
    found = over_time(whole.outcomes()[0], whole.is_treated, whole.until, Plan())
    told = effect_of(whole.outcomes(), whole.is_treated, Plan()).primary
    assert told is not None
    assert found[-1].absolute == told.absolute
    people = [one.treated + one.control for one in found]
    assert len(people) >= MOST - 1  # of the first there may be too few
    assert np.diff(people) == pytest.approx(200, abs=5)
    widths = [one.absolute.high - one.absolute.low for one in found]
    assert widths[-1] < widths[0] / 3


def test_of_nobody_nothing_was_known() -> None:
    nobody = np.zeros(0, np.int64)
    decided = Decided(nobody, nobody, nobody.astype(np.int8), nobody, nobody)
    acts = Acts(nobody, nobody, nobody.astype(np.int8), nobody, nobody)
    whole = population_of(decided, acts, window_ms=WINDOW_MS, as_of=0)
    outcome = whole.outcomes()[0]
    assert over_time(outcome, whole.is_treated, whole.until, Plan()) == ()
