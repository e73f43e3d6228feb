"""Laws of deciding: equal to the oracle, whatever the cuts; limits hold on every prefix."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from qianmian.strategies.compiling import strategy_of_firing
from qianmian.strategies.deciding import Decider
from qianmian.strategies.strategy import Guardrails, Limits, Strategies
from qianmian.vocabulary.consent import MARKETING, Consent, Consents
from qianmian.vocabulary.decision import Decision
from qianmian.vocabulary.firing import Firing
from tests.oracle import deciding as oracle
from tests.strategy_shop import MINUTE, NOON, firing, offer, strategy

KEYS = ("a", "b", "c")
VIEWERS = tuple(f"v{n}" for n in range(6))
few = st.none() | st.integers(0, 3)


@st.composite
def shops(draw: st.DrawFn) -> Strategies:
    """Three strategies that compete for people, money and pieces."""
    found = [
        strategy(
            key,
            priority=draw(st.integers(0, 2)),
            value_minor=draw(st.integers(0, 1)),
            control=draw(st.sampled_from([0, 5_000])),
            offer=draw(st.none() | st.sampled_from(["x", "y"])),
            limits=Limits(
                per_session=draw(few),
                per_room_session=draw(few),
                budget_minor=draw(st.none() | st.integers(0, 3_000)),
            ),
        )
        for key in KEYS
    ]
    shop = Guardrails(
        per_session=draw(st.integers(0, 3)),
        apart_ms=draw(st.sampled_from([0, MINUTE, 5 * MINUTE])),
        per_day=draw(st.integers(0, 4)),
        quiet_from=0,
        quiet_until=0,
        holdout=draw(st.sampled_from([0, 3_000])),
    )
    offers = [offer("x", stock=draw(few)), offer("y", cost_minor=700)]
    return Strategies(tuple(found), tuple(offers), shop)


matches = st.lists(
    st.builds(
        firing,
        st.integers(0, 12).map(lambda n: NOON + n * 110 * MINUTE // 2),
        st.sampled_from(VIEWERS),
        st.sampled_from(KEYS),
        room=st.sampled_from(["r1", "r2"]),
        session=st.sampled_from(["s1", "s2"]),
        key=st.sampled_from(["p1", "p2"]),
    ),
    max_size=40,
    unique_by=lambda one: one.id,
)


def consents_of(refused: dict[str, bool]) -> Any:
    said = {(MARKETING, ""): Consent(1, 1, granted=False)}

    def of(viewer: str) -> Consents:
        return said if refused.get(viewer) else {}

    return of


def run(
    rules: Strategies,
    firings: list[Firing],
    refused: dict[str, bool],
    cuts: set[int],
    turns: Sequence[tuple[int, Callable[[Decider], None]]] = (),
) -> tuple[Decider, list[Decision]]:
    """Told in order of time in calls that end at these places, with a snapshot at each.

    Args:
        turns: what else comes, at its instant.
    """
    by, found = Decider(), list[Decision]()
    by.change(rules)
    coming = sorted(turns, key=lambda one: one[0])
    for n, one in enumerate(sorted(firings, key=lambda one: one.at)):
        while coming and coming[0][0] <= one.at:
            at, turn = coming.pop(0)
            found += by.decide(at, consents_of(refused))
            turn(by)
        by.note([one])
        if n in cuts:
            found += by.decide(one.at, consents_of(refused))
            other = Decider()
            other.restore(json.loads(json.dumps(by.snapshot())))
            by = other
    found += by.decide(NOON + 10**9, consents_of(refused))
    return by, found


@given(shops(), matches, st.dictionaries(st.sampled_from(VIEWERS), st.booleans()), st.data())
def test_it_decides_as_the_oracle_does_in_whatever_calls(
    rules: Strategies, firings: list[Firing], refused: dict[str, bool], data: st.DataObject
) -> None:
    cuts = data.draw(st.sets(st.integers(0, 40)))
    _, found = run(rules, firings, refused, cuts)
    obvious = oracle.decide(
        plain_of(rules),
        {one.key: (one.stock, one.cost_minor) for one in rules.offers},
        {name: getattr(rules.guardrails, name) for name in _SHOP},
        [(strategy_of_firing(one), one) for one in firings],
        refused,
    )
    assert answers(found) == obvious
    assert [one.at for one in found] == sorted(one.at for one in found)


instants = st.integers(0, 12).map(lambda n: NOON + n * 110 * MINUTE // 2)
part = st.sampled_from([0, 1_000, 5_000, 10_000])
changes = st.lists(
    st.builds(oracle.Shares, instants, st.fixed_dictionaries(dict.fromkeys(KEYS, part)), part),
    max_size=3,
)
unions = st.lists(
    st.builds(oracle.Merge, instants, st.sampled_from(VIEWERS[:3]), st.sampled_from(VIEWERS[3:])),
    max_size=3,
    unique_by=lambda one: one.anonymous,
)


LOOSE = Guardrails(99, 0, 99, quiet_from=0, quiet_until=0, holdout=0)
"""Nearly everything that matches acts or is held out, so that arms are what is looked at."""


@given(shops(), matches, changes, unions, st.data())
def test_an_arm_stays_when_shares_change_and_people_turn_out_to_be_one(
    rules: Strategies,
    firings: list[Firing],
    shares: list[oracle.Shares],
    merges: list[oracle.Merge],
    data: st.DataObject,
) -> None:
    free = Limits(per_session=None)
    each = (msgspec.structs.replace(one, limits=free, offer=None) for one in rules.strategies)
    rules = Strategies(tuple(each), (), LOOSE)
    shares.sort(key=lambda one: one.since)
    since = {one.anonymous: one for one in merges}
    known = [
        replace(one, viewer=since[one.viewer].known)
        if one.viewer in since and since[one.viewer].since <= one.at
        else one
        for one in firings
    ]
    firings = list({one.id: one for one in known}.values())

    def changed(told: oracle.Shares) -> Callable[[Decider], None]:
        replaced = msgspec.structs.replace
        now = Strategies(
            tuple(replaced(one, control=told.control[one.key]) for one in rules.strategies),
            (),
            replaced(LOOSE, holdout=told.holdout),
        )
        return lambda by: by.change(now)

    def linked(one: oracle.Merge) -> Callable[[Decider], None]:
        return lambda by: by.link(one.anonymous, one.known)

    turns = [(one.since, changed(one)) for one in shares]
    turns += [(one.since, linked(one)) for one in merges]
    cuts = data.draw(st.sets(st.integers(0, 40)))
    _, found = run(rules, firings, {}, cuts, turns)
    obvious = oracle.decide(
        plain_of(rules),
        {},
        {name: getattr(LOOSE, name) for name in _SHOP},
        [(strategy_of_firing(one), one) for one in firings],
        {},
        shares,
        merges,
    )
    assert answers(found) == obvious


_ALL = ("priority", "value_minor", "control", "offer")
_SHOP = ("per_session", "apart_ms", "per_day", "holdout")
_LIMITS = ("per_session", "per_room_session", "budget_minor")


def plain_of(rules: Strategies) -> list[dict[str, Any]]:
    """The strategies as plain values, nothing left out."""
    return [
        {
            **{name: getattr(one, name) for name in ("key", *_ALL)},
            "limits": {name: getattr(one.limits, name) for name in _LIMITS},
        }
        for one in rules.strategies
    ]


def answers(decisions: list[Decision]) -> dict[str, tuple[str, str]]:
    return {one.firing: (one.outcome, one.reason) for one in decisions}


@given(shops(), matches)
def test_limits_hold_on_every_prefix(rules: Strategies, firings: list[Firing]) -> None:
    _, found = run(rules, firings, {}, set())
    shop, by_key = rules.guardrails, {one.key: one for one in rules.strategies}
    stock = {one.key: one.stock for one in rules.offers}
    spent, given_away = Counter[str](), Counter[str | None]()
    sessions, last = Counter[tuple[Any, ...]](), dict[str | None, int]()
    for one in found:
        if one.outcome == "suppressed":
            continue
        place = one.viewer, one.room, one.session
        sessions[place] += 1
        assert sessions[place] <= shop.per_session
        assert one.at - last.get(one.viewer, 0) >= shop.apart_ms
        last[one.viewer] = one.at
        if one.outcome == "act" and one.offer is not None:
            spent[one.strategy] += one.cost_minor
            given_away[one.offer] += 1
            budget, pieces = by_key[one.strategy].limits.budget_minor, stock[one.offer]
            assert budget is None or spent[one.strategy] <= budget
            assert pieces is None or given_away[one.offer] <= pieces


@given(shops(), matches, st.integers(0, 40))
def test_what_was_logged_is_remembered_and_nothing_is_decided_twice(
    rules: Strategies, firings: list[Firing], n: int
) -> None:
    """A restart from nothing: the log has the first decisions, and the rest is decided anew."""
    by, found = run(rules, firings, {}, set())
    instants = sorted({one.at for one in found})
    until = instants[min(n, len(instants) - 1)] if instants else NOON
    logged = [one for one in found if one.at <= until]
    again = Decider()
    again.change(rules)
    again.read(logged)
    again.note(firings)
    assert again.decide(NOON + 10**9, consents_of({})) == [one for one in found if one.at > until]
    assert again.snapshot() == by.snapshot()


@given(shops(), matches)
def test_the_ledger_is_rebuilt_from_the_decisions_alone(
    rules: Strategies, firings: list[Firing]
) -> None:
    by, found = run(rules, firings, {}, set())
    fold = Decider()
    for one in found:
        fold.record(one)
    assert fold.ledger.snapshot() == by.ledger.snapshot()
    assert fold.people == by.people


@given(shops(), matches, st.lists(st.sampled_from(VIEWERS), min_size=1, max_size=3))
def test_strangers_change_nobody_where_nothing_is_shared(
    rules: Strategies, firings: list[Firing], strangers: list[str]
) -> None:
    plain = Strategies(
        tuple(
            strategy(one.key, priority=one.priority, control=one.control)
            for one in rules.strategies
        ),
        (),
        rules.guardrails,
    )
    whole = answers(run(plain, firings, {}, set())[1])
    others = [one for one in firings if one.viewer not in strangers]
    assert answers(run(plain, others, {}, set())[1]).items() <= whole.items()
