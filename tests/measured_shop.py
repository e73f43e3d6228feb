"""A shop whose strategy decided in a broadcast of the past, for tests of effects."""

from __future__ import annotations

from typing import Any, Final

from qianmian.bootstrap.installation import Installation
from qianmian.columns.batch import EventBatch
from qianmian.runtime.messages import Body, Decided, DefinitionsChanged, Events
from qianmian.vocabulary.decision import Decision

NOON: Final = 1_790_000_000_000 - 1_790_000_000_000 % 86_400_000 + 4 * 3_600_000
LASTS_MS: Final = 90_000
FILE: Final = """
strategies:
  - key: price_help
    title: {zh: 问价送券, en: a coupon for who asks the price}
    moment: price_question
    mode: full
    control: 5000
    goal: {event: order_paid, within_ms: 60000}
    steps:
      - {channel: in_room, title: 给你的券, body: 现在用正好}
"""


def write_evening(home: Installation, people: int, *, control: int = 2) -> None:
    """A broadcast in an empty log: of the treated every second buys, of the control one of five.

    Args:
        control: every so manieth viewer is control; the file says every second.
    """
    held = [n % control == 0 for n in range(people)]
    came: list[dict[str, Any]] = [
        {"type": "room_entered", "viewer": f"v{n}", "clock": NOON, "room": "r1"}
        for n in range(people)
    ]
    paid: list[dict[str, Any]] = [
        {"type": "order_paid", "viewer": f"v{n}", "clock": NOON + 2_000, "verified": 1}
        | {"order_id": f"o{n}", "amount": 10_000, "currency": "CNY"}
        for n in range(people)
        if n // control % (5 if held[n] else 2) == 0
    ]
    left = {"type": "room_left", "viewer": "v0", "clock": NOON + LASTS_MS, "room": "r1"}
    decided = tuple(_decision(n, is_held=held[n]) for n in range(people))
    parts: list[tuple[int, list[Body]]] = [
        (NOON, [DefinitionsChanged(home.definitions), Events(EventBatch.from_rows(came))]),
        (NOON + 1_000, [Decided(decided)]),
        (NOON + 2_000, [Events(EventBatch.from_rows(paid))]),
        (NOON + LASTS_MS, [Events(EventBatch.from_rows([left]))]),
    ]
    for clock, bodies in parts:
        home.log.append(clock, bodies)
    home.log.commit()


def _decision(n: int, *, is_held: bool) -> Decision:
    return Decision(
        id=f"d{n}",
        at=NOON + 1_000,
        viewer=f"v{n}",
        room="r1",
        session="s1",
        strategy="price_help",
        version=1,
        firing=f"f{n}",
        outcome="held_out" if is_held else "act",
        reason="control" if is_held else "",
        about="price_help" if is_held else "",
        moment="price_question",
    )
