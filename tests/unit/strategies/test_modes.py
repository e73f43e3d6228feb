"""The way of a strategy: every step from every mode, who may approve, and what one version ends."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qianmian.errors import InputError, QianmianError, SelfApproval
from qianmian.strategies.modes import (
    IN_FORCE,
    SINGLE_PERSON_RAMP,
    STEPS,
    Person,
    Step,
    StrategyVersion,
    running,
    steps_from,
    taken,
)
from qianmian.strategies.strategy import Mode, Strategies, Strategy
from qianmian.strategies.strategy import Step as Reaching

MAKER, LEAD = Person("account:m", "小王"), Person("account:l", "老板")
MODES: tuple[Mode, ...] = get_args(Mode)


def strategy(mode: Mode = "draft", version: int = 1, **more: object) -> Strategy:
    steps = (Reaching("in_room"),)
    return Strategy("help", steps, "price_question", version=version, mode=mode, **more)  # type: ignore[arg-type]


def version(mode: Mode = "draft", number: int = 1, **more: object) -> StrategyVersion:
    return StrategyVersion(strategy(mode, number, **more), made_id=MAKER.id, made_by=MAKER.name)


def walk(*steps: tuple[Step, Person]) -> StrategyVersion:
    one = version()
    for at, (step, by) in enumerate(steps):
        one, _ = taken(one, step, by, at=at, why="so")
    return one


def test_from_draft_to_everybody_and_to_its_end() -> None:
    one = walk(
        ("rehearse", MAKER), ("ask", MAKER), ("approve", LEAD), ("widen", LEAD), ("pause", MAKER)
    )
    assert (one.mode, one.paused_from, one.approved_by) == ("paused", "full", "老板")
    back, _ = taken(one, "resume", MAKER, at=9)
    assert (back.mode, back.paused_from) == ("full", None)
    ended, _ = taken(back, "end", MAKER, at=10, why="the season is over")
    assert (ended.mode, steps_from(ended)) == ("ended", [])


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("step", STEPS)
def test_a_step_leads_on_exactly_where_it_is_offered(mode: Mode, step: Step) -> None:
    one = version(mode)
    if step in steps_from(one):
        assert taken(one, step, LEAD, at=1, why="so")[0].mode != mode
    else:
        with pytest.raises(InputError, match=mode):
            taken(one, step, LEAD, at=1, why="so")


@pytest.mark.parametrize("asks", [MAKER, LEAD])
def test_nobody_approves_what_they_made_or_asked_for(asks: Person) -> None:
    one, _ = taken(version(), "ask", asks, at=1)
    for person in (MAKER, asks):
        with pytest.raises(SelfApproval):
            taken(one, "approve", person, at=2)
    assert taken(one, "approve", Person("account:x", "别人"), at=2)[0].mode == "ramp"


def test_who_works_alone_begins_with_a_tenth() -> None:
    one, _ = taken(version(ramp=5_000), "ask", MAKER, at=1)
    done, _ = taken(one, "approve", replace(MAKER, is_alone=True), at=2)
    assert (done.mode, done.strategy.ramp) == ("ramp", SINGLE_PERSON_RAMP)
    other, _ = taken(one, "approve", replace(LEAD, is_alone=True), at=2)
    assert other.strategy.ramp == 5_000


def test_a_dry_run_does_not_take_the_place_of_what_runs() -> None:
    with pytest.raises(InputError, match="running"):
        taken(version(number=2), "rehearse", MAKER, at=1, others=[version("full", 1)])
    _, ended = taken(version(number=2), "rehearse", MAKER, at=1, others=[version("dry_run", 1)])
    assert [one.mode for one in ended] == ["ended"]


def test_sent_back_while_somebody_has_written_on_it_is_over() -> None:
    one, _ = taken(version(), "ask", MAKER, at=1)
    assert taken(one, "send_back", LEAD, at=2, why="too dear")[0].mode == "draft"
    written = version("draft", 2)
    assert taken(one, "send_back", LEAD, at=2, why="x", others=[written])[0].mode == "ended"
    with pytest.raises(InputError, match="why"):
        taken(one, "send_back", LEAD, at=2)


@given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from([*STEPS, "write"])), max_size=40))
def test_at_most_one_version_is_a_draft_waits_or_is_in_force(
    moves: list[tuple[int, str]],
) -> None:
    versions: list[StrategyVersion] = []
    for which, step in moves:
        drafts = [one for one in versions if one.mode == "draft"]
        if step == "write" and not drafts:
            versions.append(version(number=len(versions) + 1))
        elif step != "write" and which < len(versions):
            try:
                done, ended = taken(
                    versions[which],
                    step,  # type: ignore[arg-type]  # of STEPS
                    LEAD,
                    at=1,
                    why="so",
                    others=versions,
                )
            except QianmianError:
                continue
            new = {one.strategy.version: one for one in (*ended, done)}
            versions = [new.get(one.strategy.version, one) for one in versions]
        for group in ({"draft"}, {"approval"}, IN_FORCE):
            assert sum(one.mode in group for one in versions) <= 1
        assert len(running(Strategies(), versions)) <= 1


def test_what_is_kept_comes_before_the_file_and_a_draft_does_not() -> None:
    base = Strategies((strategy("full", 7),))
    assert running(base, [version("draft", 8)]) == base.strategies
    paused = version("paused", 8)
    assert running(base, [paused]) == ()
    live = version("ramp", 8)
    assert running(base, [live]) == (live.strategy,)
    assert msgspec.json.decode(msgspec.json.encode(live.strategy), type=Strategy) == live.strategy
