"""What happens to a burst: one piece for hundreds, the red switch, a no in the middle, an end."""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from qianmian.strategies.deciding import Decider
from qianmian.strategies.strategy import Guardrails, Limits, Step, Strategies
from qianmian.vocabulary.consent import MARKETING, Consent, Consents
from qianmian.vocabulary.decision import Decision
from tests.strategy_shop import NOON, SAY, firing, offer, silent, strategy

MANY = 500
SHOP = Guardrails(99, 0, 99, quiet_from=0, quiet_until=0, holdout=0)
SECOND = 1_000
FAR = NOON + 10**9


def burst(seed: int, count: int = MANY) -> list[Any]:
    """Hundreds within two seconds, several of them at the same instant."""
    return [firing(NOON + (n * seed) % 2_000, f"v{n}") for n in range(count)]


def outcomes(decisions: list[Decision]) -> Counter[tuple[str, str]]:
    return Counter((one.outcome, one.reason) for one in decisions)


@given(st.integers(1, 1_999), st.integers(1, 3), st.lists(st.integers(0, 2_000), max_size=5))
def test_of_five_hundred_claimants_as_many_get_it_as_there_are_pieces(
    seed: int, stock: int, cuts: list[int]
) -> None:
    """The first ones, by instant and firing; whatever calls it is decided in."""
    by, found = Decider(), list[Decision]()
    by.change(Strategies((strategy(offer="ten_off"),), (offer(stock=stock),), SHOP))
    by.note(fired := burst(seed))
    for cut in sorted(cuts):
        found += by.decide(NOON + cut, silent)
    found += by.decide(NOON + 2_001, silent)
    assert outcomes(found) == {("act", ""): stock, ("suppressed", "stock"): MANY - stock}
    first = sorted(fired, key=lambda one: (one.at, one.id))[:stock]
    assert [one.viewer for one in found if one.outcome == "act"] == [one.viewer for one in first]


@given(st.integers(1, 1_999), st.integers(0, 2_000))
def test_from_the_red_switch_on_nothing_is_decided_and_no_step_follows(seed: int, at: int) -> None:
    steps = (Step("in_room", title="给你的券", wait_ms=5 * SECOND), Step("host", title="说一句"))
    one = strategy(offer="ten_off", steps=steps, limits=Limits(per_session=None))
    rules = Strategies((one,), (offer(),), SHOP)
    by = Decider()
    by.change(rules)
    by.note(burst(seed))
    before = by.decide(NOON + at, silent)
    stopped = Guardrails(99, 0, 99, quiet_from=0, quiet_until=0, holdout=0, is_stopped=True)
    by.change(Strategies((one,), (offer(),), stopped))
    after = by.decide(FAR, silent)
    assert {one.outcome for one in before} <= {"act"}
    assert set(outcomes(after)) <= {("suppressed", "switch")}
    assert len(before) + sum(not one.after for one in after) == MANY
    assert not len(by.chains)


@given(st.integers(1, 1_999), st.integers(0, 2_000), st.sets(st.integers(0, 99), max_size=50))
def test_who_says_no_in_the_middle_gets_nothing_from_then_on(
    seed: int, at: int, refusing: set[int]
) -> None:
    """Neither a first message nor a step that follows one that they had."""
    steps = (Step("in_room", title="给你的券", wait_ms=5 * SECOND), Step("host", title="说一句"))
    by = Decider()
    by.change(Strategies((strategy(steps=steps),), (), SHOP))
    by.note(burst(seed, 100))
    no = {(MARKETING, ""): Consent(1, 1, granted=False)}
    names = {f"v{n}" for n in refusing}

    def said(viewer: str) -> Consents:
        return no if viewer in names else silent(viewer)

    before = by.decide(NOON + at, silent)
    after = by.decide(FAR, said)
    assert {one.outcome for one in before} <= {"act"}
    for one in after:
        assert (one.outcome, one.reason) == (
            ("suppressed", "consent") if one.viewer in names else ("act", "")
        )


@given(st.integers(1, 1_999), st.integers(0, 6_000))
def test_nothing_is_for_a_room_whose_session_is_over(seed: int, ends: int) -> None:
    """Steps whose time was still running: those in the room say why they do not go."""
    steps = (SAY, Step("in_room", title="还在吗"))
    by = Decider()
    by.change(Strategies((strategy(steps=steps),), (), SHOP))
    by.note(burst(seed, 50))
    first = by.decide(NOON + 2_001, silent)
    assert len(first) == 50
    by.chains.end_session("r1", None, NOON + 2_001 + ends)
    told = by.decide(FAR, silent)
    assert outcomes(told) == {("suppressed", "session_over"): 50}
    assert all(one.at <= NOON + 2_001 + ends for one in told)
    assert not len(by.chains)
