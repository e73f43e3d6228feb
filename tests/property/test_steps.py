"""Laws of steps that follow: equal to the oracle, whatever the cuts; never twice or too late."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from qianmian.strategies.deciding import Decider
from qianmian.strategies.slices import is_acting
from qianmian.strategies.strategy import Guardrails, Limits, Step, Strategies
from qianmian.vocabulary.consent import MARKETING, Consent, Consents
from qianmian.vocabulary.decision import Decision, decision_id, step_id
from qianmian.vocabulary.firing import Firing
from tests.oracle import steps as oracle
from tests.oracle.steps import Told
from tests.strategy_shop import NOON, firing, offer, somebody, strategy

SECOND = 1_000
CHANNELS = ("in_room", "host", "push", "email")
EVENTS = ("order_paid", "cart_added")
FAR = NOON + 10**9
HELD, FREE = (somebody("coupon", 3_000, inside=inside) for inside in (True, False))

seconds = st.integers(1, 30).map(lambda n: n * SECOND)
one_step = st.builds(
    Step,
    st.sampled_from(CHANNELS),
    deadline_ms=st.integers(1, 20).map(lambda n: n * SECOND),
    wait_ms=st.none() | st.integers(1, 20).map(lambda n: n * SECOND),
    wait_for=st.sampled_from(("", *EVENTS)),
)
some_steps = st.lists(one_step, min_size=2, max_size=4).map(tuple)
some_told = st.lists(
    st.one_of(
        st.builds(Told, seconds, st.sampled_from(("delivered", "released")), st.integers(0, 3)),
        st.builds(Told, seconds, st.just("event"), st.sampled_from(EVENTS)),
        st.builds(Told, seconds, st.just("over"), st.none()),
    ).map(lambda one: one._replace(at=NOON + one.at)),
    min_size=3,
    max_size=8,
).map(lambda told: sorted(told, key=lambda one: one.at))


def consents_without(refused: Sequence[str]) -> Any:
    said = {(MARKETING, name): Consent(1, 1, granted=True) for name in CHANNELS}
    said |= {(MARKETING, name): Consent(1, 1, granted=False) for name in refused}

    def of(_viewer: str) -> Consents:
        return said

    return of


def tell(by: Decider, told: Told, first: Decision) -> None:
    """One thing that the log says, as a running shop would hear it."""
    of = {first.step: first.id}
    match told.what:
        case "event":
            by.chains.happened(str(first.viewer), told.which)
        case "over":
            by.chains.end_session(first.room, None, told.at)
        case what:
            root = decision_id(first.firing, first.strategy, first.version)
            name = [of.get(told.which, step_id(root, told.which))]
            _settle(by, name, told.at, is_delivered=what == "delivered")


def _settle(by: Decider, decisions: list[str], at: int, *, is_delivered: bool) -> None:
    by.settle(*((decisions, []) if is_delivered else ([], decisions)), at=at)


def went(
    rules: Strategies, fired: Firing, told: Sequence[Told], consents: Any, cuts: set[int]
) -> list[Decision]:
    """What is decided, in calls at each instant of `told`, with a snapshot at these."""
    by, found = Decider(), list[Decision]()
    by.change(rules)
    by.note([fired])
    for n, one in enumerate(told):
        found += by.decide(one.at, consents)
        if found:
            tell(by, one, found[0])
        if n in cuts:
            other = Decider()
            other.restore(json.loads(json.dumps(by.snapshot())))
            by = other
    found += by.decide(FAR, consents)
    assert not len(by.chains)
    return found


def shop(steps: tuple[Step, ...], deadline: int | None = None, **more: Any) -> Strategies:
    one = strategy(steps=steps, deadline_ms=deadline, control=3_000, **more)
    limits = Guardrails(99, 0, 99, quiet_from=0, quiet_until=0, holdout=0)
    return Strategies((one,), (offer(stock=1),), limits)


MANY = settings(max_examples=max(200, settings().max_examples))
"""A case is small, and the corners are many."""


@MANY
@given(
    some_steps,
    some_told,
    st.none() | seconds.filter(bool),
    st.sampled_from((False, False, True)),
    st.sets(st.sampled_from(("in_room", "push", "email")), max_size=1),
    st.sets(st.integers(0, 8)),
)
def test_the_steps_that_follow_are_those_of_the_oracle_in_whatever_calls(
    steps: tuple[Step, ...],
    told: list[Told],
    deadline: int | None,
    is_held_out: bool,
    refused: set[str],
    cuts: set[int],
) -> None:
    rules, fired = shop(steps, deadline), firing(NOON, HELD if is_held_out else FREE)
    if all(one.channel == "host" for one in steps):  # what a room hears is held out by slices
        is_held_out = not is_acting("default", "coupon", "r1", "s1", NOON)
    found = went(rules, fired, told, consents_without(sorted(refused)), cuts)
    plain = [
        {
            "channel": one.channel,
            "lasts": one.lasts_ms,
            "wait": one.lasts_ms if one.wait_ms is None else one.wait_ms,
            "wait_for": one.wait_for,
        }
        for one in steps
    ]
    obvious = oracle.follow(
        plain,
        NOON,
        told,
        is_held_out=is_held_out,
        refused=sorted(refused),
        deadline=deadline,
    )
    reasons = [one.reason if one.outcome == "suppressed" else "" for one in found]
    places = [(one.at, one.step) for one in found]
    assert [(*place, why) for place, why in zip(places, reasons, strict=True)] == obvious
    assert len({one.id for one in found}) == len(found)
    arms = {one.outcome for one in found if one.outcome != "suppressed"}
    assert len(arms) <= 1
    if deadline is not None:
        assert all(one.deadline_at <= NOON + deadline for one in found)
        assert all(one.at < NOON + deadline for one in found)


many = st.lists(
    st.builds(
        firing,
        st.integers(0, 60).map(lambda n: NOON + n * SECOND),
        st.sampled_from(("a", "b")),
        session=st.sampled_from(("s1", "s2")),
        key=st.sampled_from(("p1", "p2", "p3")),
    ),
    min_size=2,
    max_size=12,
    unique_by=lambda one: one.id,
)
answers = st.lists(
    st.tuples(st.integers(0, 90), st.booleans(), st.integers(0, 7)), min_size=4, max_size=20
).map(sorted)


@MANY
@given(some_steps, many, answers, st.integers(1, 3), st.sampled_from((0, 5_000, 20_000)))
def test_limits_hold_on_every_prefix_and_the_ledger_is_rebuilt_from_what_the_log_holds(
    steps: tuple[Step, ...],
    firings: list[Firing],
    told: list[tuple[int, bool, int]],
    per_session: int,
    apart_ms: int,
) -> None:
    one = strategy(steps=steps, offer="ten_off", limits=Limits(per_session=None))
    limits = Guardrails(per_session, apart_ms, 99, quiet_from=0, quiet_until=0, holdout=0)
    by, found = Decider(), list[Decision]()
    by.change(Strategies((one,), (offer(stock=2),), limits))
    by.note(firings)
    everybody = consents_without(())
    reached, given_back = set[str](), set[str]()
    settled: list[tuple[int, list[str], bool]] = []
    for second, is_delivered, which in told:
        at = NOON + second * SECOND
        found += by.decide(at, everybody)
        acts = [one.id for one in found if one.outcome == "act"]
        if which < len(acts):
            name, late = [acts[which]], {one.after for one in found}
            _settle(by, name, at, is_delivered=is_delivered)
            settled.append((at, name, is_delivered))
            if is_delivered and name[0] not in late | given_back:
                reached.update(name)
            given_back |= set() if is_delivered else set(name)
        assert 0 <= by.ledger.given["ten_off"] <= 2
        assert 0 <= by.ledger.spent["coupon"] <= 2_000
    found += by.decide(FAR, everybody)
    sessions, last = Counter[tuple[Any, ...]](), defaultdict[Any, int](int)
    for step in found:
        is_touch = step.outcome == "act" and (not step.after or step.after in reached)
        if is_touch:
            sessions[step.viewer, step.session] += 1
            assert sessions[step.viewer, step.session] <= per_session
            assert step.at - last[step.viewer] >= apart_ms
            last[step.viewer] = step.at
    again = Decider()
    again.change(by.rules)
    again.read(found)
    again.note(firings)
    for at, name, is_delivered in settled:
        assert again.decide(at, everybody) == []
        _settle(again, name, at, is_delivered=is_delivered)
    assert again.decide(FAR, everybody) == []
    assert again.ledger.snapshot() == by.ledger.snapshot()
    assert again.people == by.people
    steps_gone = Counter((step.firing, step.step) for step in found if step.outcome == "act")
    assert not steps_gone or max(steps_gone.values()) == 1
