"""A shop whose strategy decided in a broadcast of the past, for tests of effects."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from qianmian.bootstrap.installation import Installation
from qianmian.columns.batch import EventBatch
from qianmian.runtime.messages import Body, Decided, DefinitionsChanged, Events
from qianmian.storage.sql.audit import SYSTEM, Actor
from qianmian.vocabulary.decision import Decision

NOON: Final = 1_790_000_000_000 - 1_790_000_000_000 % 86_400_000 + 4 * 3_600_000
LASTS_MS: Final = 90_000
_ONE: Final = """
  - key: {key}
    title: {{zh: 问价送券, en: a coupon for who asks the price}}
    moment: price_question
    mode: full
    control: 5000
    goal: {{event: order_paid, within_ms: 60000}}
    steps:
      - {{channel: in_room, title: 给你的券, body: 现在用正好}}
"""
WORKS, UNEVEN, SILENT, HARMS = "price_help", "uneven_help", "silent_help", "pushy_help"
"""Strategies: one that works, one whose arms are not as drawn, one that has not decided, one that
drives people away."""
FILE: Final = "strategies:" + "".join(_ONE.format(key=one) for one in (WORKS, UNEVEN, SILENT))
FILE_WITH_HARM: Final = FILE + _ONE.format(key=HARMS)


def write_evening(home: Installation, people: int, *, hurts: bool = False) -> None:
    """A broadcast in an empty log: of the treated every second buys, of the control one of five.

    Every second viewer is control, as the file says; of `UNEVEN` every tenth. What `HARMS` does is
    the other way round: those whom `WORKS` treats are its control. A third have put something into
    their cart before anything is decided.

    Args:
        hurts: `HARMS` is in the database, as people keep it; else it is of a file, or unknown.
    """
    came, liked = (
        [{"type": one, "viewer": f"v{n}", "clock": at, "room": "r1"} for n in range(people)]
        for one, at in (("room_entered", NOON), ("liked", NOON + 1_500))
    )
    carts = [
        {**one, "type": "cart_added", "product": "p1"}
        for n, one in enumerate(came)
        if n // 4 % 3 == 0
    ]
    paid: list[dict[str, Any]] = [
        {"type": "order_paid", "viewer": f"v{n}", "clock": NOON + 2_000, "verified": 1}
        | {"order_id": f"o{n}", "amount": 10_000, "currency": "CNY"}
        for n in range(people)
        if n // 2 % (2 if n % 2 else 5) == 0
    ]
    left = {"type": "room_left", "viewer": "v0", "clock": NOON + LASTS_MS, "room": "r1"}
    decided = [
        _decision(strategy, n, is_held=n % control == 0)
        for strategy, control in ((WORKS, 2), (UNEVEN, 10))
        for n in range(people)
    ]
    if hurts:
        _keep_harmful(home)
    decided += [_decision(HARMS, n, is_held=n % 2 == 1) for n in range(people)]
    parts: list[tuple[int, list[Body]]] = [
        (NOON, [DefinitionsChanged(home.definitions), Events(EventBatch.from_rows(came + carts))]),
        (NOON + 1_000, [Decided(tuple(decided))]),
        (NOON + 1_500, [Events(EventBatch.from_rows(liked))]),
        (NOON + 2_000, [Events(EventBatch.from_rows(paid))]),
        (NOON + LASTS_MS, [Events(EventBatch.from_rows([left]))]),
    ]
    for clock, bodies in parts:
        home.log.append(clock, bodies)
    home.log.commit()


def _keep_harmful(home: Installation) -> None:
    """A strategy that somebody wrote, somebody else approved, and that reaches everybody."""
    (known,) = (one for one in home.strategies.base.strategies if one.key == WORKS)
    title = {"zh": "催单话术", "en": "a pushy word"}
    mine = msgspec.structs.replace(known, key=HARMS, title=title, mode="draft")
    store, lead = home.strategy_store, Actor("command", "1", "主管")
    store.save_draft(mine, SYSTEM)
    store.take(HARMS, 1, "ask", SYSTEM)
    store.take(HARMS, 1, "approve", lead)
    store.take(HARMS, 1, "widen", lead)


def _decision(strategy: str, n: int, *, is_held: bool) -> Decision:
    return Decision(
        id=f"{strategy}-{n}",
        at=NOON + 1_000 - n // 2 % 10 * 20,
        viewer=f"v{n}",
        room="r1",
        session=f"r1@{NOON}",
        strategy=strategy,
        version=1,
        firing=f"{strategy}-f{n}",
        outcome="held_out" if is_held else "act",
        reason="control" if is_held else "",
        about=strategy if is_held else "",
        moment="price_question",
    )
