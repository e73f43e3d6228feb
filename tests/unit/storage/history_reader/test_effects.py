"""Effects read from the files of history are those that a plain recount of the rows finds."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

import pytest

from qianmian.experiments.strategy_effect import StrategyEffect
from qianmian.language.parse import parse
from qianmian.storage.history_reader.effects import effect_in_history
from qianmian.storage.history_reader.reader import HistoryReader
from qianmian.strategies.strategy import Goal
from tests.oracle.effects import Act, Made, population
from tests.strategy_shop import strategy
from tests.unit.storage.history_reader.histories import START, Shop

WINDOW_MS = 60_000
COUPON = strategy(control=3_000, goal=Goal("order_paid", WINDOW_MS))
KNOWN = tuple("abcdefghij")
LINKED = {"?v": "a", "?w": "a", "?x": "b"}
ARMS = {"act": "treated", "control": "control", "global_holdout": "holdout"}


def link(shop: Shop, at: int) -> None:
    for anonymous, known in LINKED.items():
        shop.add(at, "identity_linked", known, anonymous_id=anonymous[1:])


def effect(folder: Path, **by: str) -> StrategyEffect:
    reader = HistoryReader(folder)
    try:
        return effect_in_history(
            reader, COUPON, "CNY", by={key: parse(text) for key, text in by.items()}
        )
    finally:
        reader.close()


@pytest.mark.parametrize("seed", range(8))
def test_random_histories_with_people_of_several_ids(tmp_path: Path, seed: int) -> None:
    rng, shop = Random(seed), Shop(tmp_path)
    made: list[Made] = []
    acts: list[Act] = []
    number = {name: place for place, name in enumerate(KNOWN)}
    for anonymous in LINKED:
        shop.add(0, "room_entered", anonymous, room="r")
    if seed % 2:
        link(shop, 1)
    owner = {**number, **{one: number[known] for one, known in LINKED.items()}}
    for at in range(1_000, 301_000, 1_000):
        who = rng.choice((*KNOWN, *LINKED))
        mine = owner[who]
        kind = rng.random()
        if kind < 0.25:
            what = rng.choice(("act", "act", "control", "global_holdout", "cooldown"))
            more: dict[str, Any] = rng.choice(
                ({}, {}, {"version": 2}, {"strategy": "other"}, {"is_rehearsal": True})
            )
            shop.add(at, "room_entered", who, room="r")
            shop.decide(at, who, what, **more)
            if what == "act" and rng.random() < 0.3:  # its next step, which is no other decision
                shop.decide(at, who, what, **more, step=1, after=f"d{shop.offset - 1}")
            if what in ARMS and not more:
                made.append(Made(mine, START + at, ARMS[what], 300 if what == "act" else 0))
            continue
        amount, order = rng.randrange(1, 900), rng.randrange(6)
        outcome = rng.choice(("accepted", "accepted", "late", "duplicate"))
        told: dict[str, Any] = {"amount": amount, "order_id": f"o{order}", "verified": 1}
        told |= rng.choice(({}, {}, {"currency": "USD"}, {"verified": 0}))
        name = "order_refunded" if kind < 0.45 else "order_paid"
        shop.add(at, name, who, outcome, event_time=START + at, **told)
        if outcome != "duplicate" and told["verified"]:
            money = 0 if "currency" in told else amount
            paid = name == "order_paid"
            acts.append(Act(mine, START + at, "paid" if paid else "refunded", money, order))
            acts += [Act(mine, START + at, "reached", 0, order)] if paid else []
    if seed % 2 == 0:  # told last, it holds for everything before, too
        link(shop, 300_000)
    shop.flush()

    found = effect(tmp_path)
    told_of = population(made, acts, WINDOW_MS, START + 300_000)
    people = told_of.people.values()
    counts = {arm: [one for one in people if one.arm == arm] for arm in ("treated", "control")}
    assert (found.effect.treated, found.effect.control) == tuple(map(len, counts.values()))
    assert (found.waiting, found.in_holdout) == (told_of.waiting, told_of.in_holdout)
    assert found.effect.crossed == sum(one.is_crossed for one in people)
    assert found.offers_minor == sum(one.cost for one in people)
    assert found.as_of == START + 300_000
    if found.effect.primary is not None:
        outcomes = (found.effect.primary, *found.effect.secondary)
        for one, name in zip(outcomes, ("reached", "orders", "net"), strict=False):
            for arm in ("treated", "control"):
                total = sum(getattr(each, name) for each in counts[arm])
                assert getattr(one, arm).total == total, (name, arm)


def test_what_nobody_can_place_is_counted_and_whoever_was_not_treated_stands_beside(
    tmp_path: Path,
) -> None:
    shop = Shop(tmp_path)
    for who in ("t1", "t2", "c1", "looker", "buyer"):
        shop.add(0, "room_entered", who, room="r", event_time=START)
    shop.decide(1_000, "t1", "act")
    shop.decide(1_000, "t2", "act")
    shop.decide(1_000, "c1", "control")
    for who in ("c1", "looker", "buyer"):
        shop.add(1_500, "liked", who, room="r", event_time=START + 1_500)
    told: dict[str, Any] = {"verified": 1, "amount": 500}
    shop.add(2_000, "order_paid", "t1", event_time=START + 2_000, order_id="o1", **told)
    shop.add(2_000, "order_paid", "buyer", event_time=START + 2_000, order_id="o2", **told)
    shop.add(2_000, "order_paid", "nobody_saw", event_time=START + 2_000, order_id="o3", **told)
    shop.add(
        3_000, "order_paid", "t2", event_time=START + 3_000, order_id="o4", currency="USD", **told
    )
    shop.add(100_000, "room_entered", "looker", room="r", event_time=START + 100_000)
    shop.flush()
    found = effect(tmp_path)
    assert (found.unattributable, found.other_currency) == (1, 1)
    assert found.naive is not None
    assert found.naive.treated == found.naive.treated_reached == 2
    assert (found.naive.others, found.naive.others_reached) == (3, 1)
    assert found.naive.ratio == pytest.approx(3)
    assert found.effect.verdict == "unsure"


def test_before_anything_is_decided_there_is_nothing_to_compare(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.add(0, "room_entered", "a", room="r")
    shop.flush()
    found = effect(tmp_path)
    assert (found.effect.verdict, found.effect.why_hidden) == (None, "no_control")
    assert (found.naive, found.sessions) == (None, None)


def test_a_ratio_of_arms_that_was_not_drawn_hides_the_naive_ratio_too(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    for n in range(60):
        shop.add(0, "room_entered", f"v{n}", room="r")
        shop.decide(1_000 + n, f"v{n}", "act" if n else "control")  # 30 % should be control
    shop.add(100_000, "room_entered", "a", room="r")
    shop.flush()
    found = effect(tmp_path)
    assert found.effect.why_hidden == "sample_ratio"
    assert (found.naive, found.sessions, found.effect.primary) == (None, None, None)


@pytest.mark.parametrize("is_known", [True, False])
def test_who_keeps_the_arm_of_an_older_version_does_not_hide_the_verdict(
    tmp_path: Path, *, is_known: bool
) -> None:
    """A tenth was control; now half of the new ones are, and the old ones stay where they were."""
    shop = Shop(tmp_path)
    for n in range(400):
        name, is_new = f"v{n}", n >= 200
        what = "control" if n % (2 if is_new else 10) == 0 else "act"
        if is_known and not is_new:
            shop.decide(n, name, what)
        shop.decide(1_000 + n, name, what, version=2)
    shop.add(3_600_000, "liked", "v1", room="r")
    shop.flush()
    with closing(HistoryReader(tmp_path)) as reader:
        second = strategy(version=2, control=5_000, goal=Goal(within_ms=60_000))
        found = effect_in_history(reader, second, "CNY").effect
    assert (found.treated, found.control) == (280, 120)
    assert found.why_hidden == ("" if is_known else "sample_ratio")


def test_groups_are_as_people_were_before_their_session_was_decided_about(tmp_path: Path) -> None:
    """Whoever liked before is in the group; a like that the strategy brought puts nobody there."""
    shop = Shop(tmp_path)
    rng = Random(5)
    fans = {f"v{n}" for n in range(300) if n % 3 == 0}
    for n in range(300):
        shop.add(0, "liked" if n % 3 == 0 else "room_entered", f"v{n}", room="r")
    for n in range(300):
        shop.decide(1_000, f"v{n}", "control" if rng.random() < 0.3 else "act")
    for n in range(300):
        shop.add(2_000, "liked", f"v{n}", room="r")
    for n in range(300):
        paid: dict[str, Any] = {"verified": 1, "amount": 100, "order_id": f"o{n}"}
        if n % 2:
            shop.add(3_000, "order_paid", f"v{n}", event_time=START + 3_000, **paid)
    shop.add(100_000, "room_left", "v0", room="r")
    shop.flush()
    groups = effect(tmp_path, fan="count(liked) within 1h >= 1").by["fan"]
    found = {one.name: one.own.treated.n + one.own.control.n for one in groups.found}
    assert found == {"yes": len(fans), "no": 300 - len(fans)}
