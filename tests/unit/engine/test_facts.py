"""Facts as the caller of a core meets them."""

from __future__ import annotations

import pytest

from qianmian.columns.batch import EventBatch
from qianmian.columns.facts import Facts, ViewerFacts, facts_bytes
from qianmian.engine.core import Core
from qianmian.engine.words import G_ATTRIBUTES
from qianmian.errors import InputError, SnapshotProblem
from qianmian.language.parse import parse_definition

DAY_MS = 86_400_000
ORDERS = "count(order_paid)"
THREE = parse_definition("three", "count(order_paid) within 30d >= 3")


def build(boundary_ms: int = DAY_MS, orders: int = 2, namespace: str = "default") -> Facts:
    viewers = [ViewerFacts("u", days_by_column={ORDERS: {1: orders}})]
    data = facts_bytes(viewers, boundary_ms=boundary_ms, columns=[ORDERS], namespace=namespace)
    return Facts(data)


def order(clock: int, viewer: str = "u") -> EventBatch:
    row = {"clock": clock, "type": "order_paid", "viewer": viewer, "room": "r", "amount": 1}
    return EventBatch.from_rows([{**row, "order_id": f"o{clock}"}])


def test_facts_that_cannot_take_effect_are_refused_and_nothing_changes() -> None:
    core = Core([THREE])
    core.take_facts(build(), DAY_MS + 5)
    for facts, says in (
        (build(3 * DAY_MS), "after their message"),
        (build(0), "before those in force"),
        (build(namespace="other"), 'of the namespace "other"'),
    ):
        with pytest.raises(InputError, match=says):
            core.take_facts(facts, DAY_MS + 10)
    assert [f.moment for f in core.run(order(DAY_MS + 20))] == ["three"]


def test_a_snapshot_names_its_facts_and_asks_for_them() -> None:
    core = Core([THREE], shards=2)
    core.run(order(DAY_MS + 1, "someone"))
    core.take_facts(build(), DAY_MS + 5)
    snapshot = core.snapshot()
    for wrong in (None, build(orders=1)):
        with pytest.raises(SnapshotProblem, match=build().hash):
            Core.restore(snapshot, wrong)
    again = Core.restore(snapshot, build())
    assert [f.viewer for f in again.run(order(DAY_MS + 20))] == ["u"]


def test_who_has_no_facts_keeps_nothing_of_them() -> None:
    core = Core([THREE])
    core.take_facts(build(), DAY_MS)
    core.run(order(DAY_MS + 1))
    before = int(core.shards[0].state.G[G_ATTRIBUTES])
    for k in range(100):
        core.run(order(DAY_MS + 2 + k, f"v{k}"))
    assert int(core.shards[0].state.G[G_ATTRIBUTES]) == before == 1


def test_a_long_list_of_live_quarters_and_facts_is_exact() -> None:
    """Fifty hours of orders, every quarter of an hour one, beside what the facts say."""
    core = Core(
        [parse_definition("m", "count(order_paid) within 30d >= 150")], presence=False,
        session_timeout=False,
    )  # fmt: skip
    core.take_facts(build(), DAY_MS)
    quarter = 900_000
    fired = [f for k in range(190) for f in core.run(order(DAY_MS + k * quarter))]
    assert [f.at for f in fired] == [DAY_MS + 147 * quarter]


def test_definitions_that_read_facts_come_and_go_and_come_again() -> None:
    """Between two edits nothing reads the facts; who has some is not forgotten."""
    core = Core([THREE])
    core.run(order(DAY_MS - 5, "someone"))
    core.take_facts(build(), DAY_MS)
    core.run(order(DAY_MS + 1))
    plain = parse_definition("plain", "liked")
    core.change([plain], DAY_MS + 2)
    core.run(order(DAY_MS + 3, "new"))
    core.change([plain, THREE], DAY_MS + 4)
    assert [f.viewer for f in core.run(order(DAY_MS + 5))] == ["u"]
    assert core.run(order(DAY_MS + 6, "new")) == []
