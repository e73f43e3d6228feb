"""What may still be sent after a restart: neither what is over, nor what was never to be sent."""

from __future__ import annotations

import json
from typing import Any

from qianmian.strategies.deciding import Decider
from qianmian.strategies.strategy import Guardrails, Limits, Step, Strategies
from tests.strategy_shop import MINUTE, NOON, firing, silent, somebody, strategy

SHOP = Guardrails(99, 0, 99, quiet_from=0, quiet_until=0, holdout=0)
TASK = (Step("follow_up", title="亲，还在看吗"),)  # ten minutes


def at_noon(**more: Any) -> Decider:
    by = Decider()
    by.change(
        Strategies((strategy(steps=TASK, limits=Limits(per_session=None), **more),), (), SHOP)
    )
    return by


def names(by: Decider, at: int) -> list[str | None]:
    return [one.viewer for one in by.pending.at(at)]


def test_a_task_is_pending_until_its_deadline_or_its_end_whatever_else_happens() -> None:
    by = at_noon()
    by.note([firing(NOON + n, name) for n, name in enumerate(("a", "b", "c", "d"))])
    told = {one.viewer: one.id for one in by.decide(NOON + 9, silent)}
    assert names(by, NOON + 9 * MINUTE) == ["a", "b", "c", "d"], "longer than two minutes"
    by.settle([told["a"]], [told["b"]], NOON + MINUTE)
    by.forget(["c"])
    other = Decider()
    other.restore(json.loads(json.dumps(by.snapshot())))
    assert names(other, NOON + 9 * MINUTE) == names(by, NOON + 9 * MINUTE) == ["d"]
    assert names(other, NOON + 11 * MINUTE) == []
    other.note([firing(NOON + 11 * MINUTE, "e")])
    other.decide(NOON + 12 * MINUTE, silent)
    assert [one["viewer"] for one in other.snapshot()["pending"]] == ["e"], "memory is bounded"


def test_nothing_of_a_dry_run_or_of_the_control_is_pending() -> None:
    for by in (at_noon(mode="dry_run"), at_noon(control=3_000)):
        by.note([firing(NOON, somebody("coupon", 3_000, inside=True))])
        assert len(by.decide(NOON + 1, silent)) == 1
        assert names(by, NOON + 1) == []
