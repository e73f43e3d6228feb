"""Laws of code pools: a code is nobody's or one person's, in the order of the log."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any, NamedTuple

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from qianmian.strategies.deciding import Decider
from qianmian.strategies.ledger import Change
from qianmian.strategies.strategy import Guardrails, Limits, Step, Strategies
from qianmian.vocabulary.consent import SHARE, Consent, Consents
from qianmian.vocabulary.decision import Decision, decision_id
from qianmian.vocabulary.firing import Firing
from tests.strategy_shop import NOON, firing, offer, silent, strategy

SECOND = 1_000
FAR = NOON + 10**9
SHOP = Guardrails(99, 0, 99, quiet_from=0, quiet_until=0, holdout=0)
LONELY = Step("in_room", title="给你的券")
TWICE = (
    Step("webhook", title="发券", wait_ms=5 * SECOND),
    Step("in_room", title="给你的券", wait_ms=3 * SECOND, wait_for="order_paid"),
    Step("follow_up", title="还在想吗"),
)
MANY = settings(max_examples=max(300, settings().max_examples))


class Said(NamedTuple):
    """What becomes of the n-th act, so long after noon."""

    second: int
    which: int
    what: str  # delivered, released, or unseen: released, and shown to nobody


many = st.lists(
    st.builds(
        firing,
        st.integers(0, 60).map(lambda n: NOON + n * SECOND),
        st.sampled_from([f"v{n}" for n in range(4)]),
        st.sampled_from(("give", "also")),
        key=st.sampled_from(("p1", "p2", "p3")),
    ),
    min_size=1,
    max_size=14,
    unique_by=lambda one: one.id,
)
answers = st.lists(
    st.builds(
        Said,
        st.integers(0, 120),
        st.integers(0, 9),
        st.sampled_from(("delivered", "released", "unseen")),
    ),
    max_size=14,
).map(sorted)
steps = st.sampled_from(((LONELY,), TWICE))


def shop(some_steps: tuple[Step, ...], pool: int, mode: Any = "full") -> Strategies:
    often = Limits(per_session=None)
    given: dict[str, Any] = {"steps": some_steps, "offer": "ten_off", "limits": often}
    two = (strategy("give", **given), strategy("also", control=5_000, **given | {"mode": mode}))
    return Strategies(two, (offer(),), SHOP, {"ten_off": pool})


def share(_viewer: str) -> Consents:
    return {(SHARE, ""): Consent(1, 1, granted=True)}


def lives(
    rules: Strategies,
    firings: list[Firing],
    said: list[Said],
    cuts: set[int],
    *,
    is_noted: bool = False,
) -> tuple[Decider, list[Decision], list[tuple[int, Said, str]]]:
    """What is decided while things become of what was, with a snapshot at these."""
    by, found, told = Decider(), list[Decision](), list[tuple[int, Said, str]]()
    by.ledger.journal = [] if is_noted else None
    by.change(rules)
    by.note(firings)
    for n, one in enumerate(said):
        at = NOON + one.second * SECOND
        found += by.decide(at, share)
        acts = [some for some in found if some.outcome == "act" and not some.is_rehearsal]
        if one.which < len(acts):
            name = acts[one.which].id
            told.append((len(found), one, name))
            settle(by, name, at, one.what)
        if n in cuts:
            other = Decider()
            other.restore(json.loads(json.dumps(by.snapshot())))
            other.ledger.journal = by.ledger.journal
            by = other
    return by, found + by.decide(FAR, share), told


def settle(by: Decider, name: str, at: int, what: str) -> None:
    unseen = [name] if what == "unseen" else []
    done, released = ([name], []) if what == "delivered" else ([], [name])
    by.settle(done, released, at, unseen)


def owner(one: Decision) -> str:
    """A decision and the steps that follow it are one act."""
    return decision_id(one.firing, one.strategy, one.version)


@MANY
@given(steps, st.integers(1, 6), many, answers, st.sets(st.integers(0, 14)))
def test_no_code_is_ever_two_peoples_and_each_act_has_one(
    some_steps: tuple[Step, ...],
    pool: int,
    firings: list[Firing],
    said: list[Said],
    cuts: set[int],
) -> None:
    _, found, told = lives(shop(some_steps, pool), firings, said, cuts)
    has: dict[int, dict[str, str]] = {}  # by code: who may have seen it, by the act
    for n, one in enumerate(found):
        for _, _, name in (some for some in told if some[0] <= n and some[1].what == "unseen"):
            for acts in has.values():
                acts.pop(name, None)
        if one.outcome != "act":
            assert one.code is None
            continue
        assert one.code is not None
        assert 0 <= one.code < pool
        before = has.setdefault(one.code, {})
        assert set(before.values()) <= {owner(one)}
        before[one.id] = owner(one)


@MANY
@given(st.integers(0, 6), many)
def test_codes_go_in_the_order_of_the_log_and_the_strategy_stops_where_they_end(
    pool: int, firings: list[Firing]
) -> None:
    """Nothing is given back here, so the oracle is a count."""
    _, found, _ = lives(shop((LONELY,), max(pool, 1)), firings, [], set())
    left = iter(range(max(pool, 1)))
    is_out = False
    for one in found:
        if one.outcome == "act":
            assert one.code == next(left)
            is_out = one.code + 1 == max(pool, 1)
        elif one.outcome == "suppressed" and one.reason != "lost_to":
            assert (one.reason, one.about, is_out) == ("stock", "ten_off", True)
    assert is_out or all(one.reason != "stock" for one in found)


@MANY
@given(steps, st.integers(1, 6), many, answers)
def test_the_pool_is_rebuilt_from_what_the_log_holds(
    some_steps: tuple[Step, ...], pool: int, firings: list[Firing], said: list[Said]
) -> None:
    rules = shop(some_steps, pool)
    by, found, told = lives(rules, firings, said, set())
    again = Decider()
    again.change(rules)
    again.read(found)
    again.note(firings)
    for _, one, name in told:
        at = NOON + one.second * SECOND
        assert again.decide(at, share) == []
        settle(again, name, at, one.what)
    assert again.decide(FAR, share) == []
    assert again.ledger.snapshot() == by.ledger.snapshot()


@given(st.integers(1, 3), many)
def test_who_rehearses_takes_no_code(pool: int, firings: list[Firing]) -> None:
    _, found, _ = lives(shop((LONELY,), pool, "dry_run"), firings, [], set())
    rehearsed = [one for one in found if one.is_rehearsal and one.outcome == "act"]
    assert all(one.code is None for one in rehearsed)
    acts = [one.code for one in found if one.outcome == "act" and not one.is_rehearsal]
    assert acts == list(range(len(acts)))


def test_a_code_is_for_one_person_and_not_for_a_room() -> None:
    by = Decider()
    by.change(shop((LONELY,), 5))
    by.note([firing(NOON, None, "give")])
    (told,) = by.decide(FAR, silent)
    assert (told.outcome, told.reason, told.code) == ("suppressed", "offer_not_valid", None)


def test_a_code_that_is_made_takes_no_place_and_is_for_one_person_too() -> None:
    by, rules = Decider(), shop((LONELY,), 0)
    made = tuple(msgspec.structs.replace(one, is_issued=True) for one in rules.offers)
    by.change(msgspec.structs.replace(rules, offers=made, codes={}))
    by.note([firing(NOON, viewer, "give") for viewer in (None, "v1")])
    told = {one.viewer: (one.outcome, one.reason, one.code) for one in by.decide(FAR, silent)}
    assert told == {None: ("suppressed", "offer_not_valid", None), "v1": ("act", "", None)}


@MANY
@given(steps, st.integers(1, 6), many, answers, st.sets(st.integers(0, 14)))
def test_the_rows_of_the_ledger_add_up_to_the_ledger_and_are_rebuilt_from_the_log(
    some_steps: tuple[Step, ...],
    pool: int,
    firings: list[Firing],
    said: list[Said],
    cuts: set[int],
) -> None:
    """Rows are the last change of each decision; a snapshot in between loses none."""
    rules = shop(some_steps, pool)
    by, found, told = lives(rules, firings, said, cuts, is_noted=True)
    rows = rows_of(by)
    counts = [one for one in rows.values() if one.state != "given_back"]
    assert Counter(one.held.offer for one in counts) == +by.ledger.given
    spent = Counter[str]()
    for one in counts:
        spent[one.held.strategy] += one.held.cost_minor
    assert +spent == +by.ledger.spent
    assert {key for key, one in rows.items() if one.state == "held"} == set(by.ledger.held)
    gone = {one.held.code for one in rows.values() if one.held.code is not None}
    assert len(gone) == pool - by.ledger.left("ten_off", pool)
    again = Decider()
    again.ledger.journal = []
    again.change(rules)
    again.read(found)
    again.note(firings)
    for _, word, name in told:
        again.decide(NOON + word.second * SECOND, share)
        settle(again, name, NOON + word.second * SECOND, word.what)
    again.decide(FAR, share)
    assert rows_of(again) == rows


def rows_of(by: Decider) -> dict[str, Change]:
    return {one.decision: one for one in by.ledger.journal or ()}
