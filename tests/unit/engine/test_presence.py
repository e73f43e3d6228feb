"""A row is looked at when something ends or begins, not each time it might have."""

from __future__ import annotations

from qianmian.columns.batch import EventBatch
from qianmian.engine import words as w
from qianmian.engine.core import Core
from qianmian.language.parse import parse_definition

STEP_MS = 10_000


def looks(kind: str) -> int:
    """How often timers look at the row of a viewer who clicks, then does this every 10 s."""
    core = Core([parse_definition("idle", "idle for 30s")])
    for number in range(1, 181):
        done = "product_clicked" if number == 1 else kind
        row = {"clock": number * STEP_MS, "type": done, "viewer": "u", "room": "r"}
        core.run(EventBatch.from_rows([row]))
    return int(core.shards[0].state.G[w.G_ADVANCES])


def test_who_keeps_acting_is_not_looked_at() -> None:
    assert looks("product_clicked") == 0


def test_who_only_stays_is_looked_at_once_when_idle_begins() -> None:
    assert looks("heartbeat") == 1
