"""Instances that an edit of times leaves behind: past their new turn, and not at their old one yet.

They belong to a definition that goes on with other numbers. What waits for a definition that stays
as it was is not concerned, even when both share it.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from qianmian.engine import words as w
from qianmian.engine.layout import Layout, signature
from qianmian.engine.programs import Plan
from qianmian.language.ast import Node, Viewing, Without, walk
from qianmian.language.compile import VIEWED, keyed
from qianmian.language.program import Slot, SlotKind

Retimed = npt.NDArray[np.int64]


def retimed(before: Plan, plan: Plan) -> Retimed:
    """What waits for other times than before: (word, width, place, T and wait now and before).

    Shapes: int64[n, 7]
    """
    old = dict(zip(before.numbers, before.definitions, strict=True))
    rows = []
    for one, number, since in zip(plan.definitions, plan.numbers, plan.since, strict=True):
        was = old.get(number)
        if was is None or was.expr == one.expr:
            continue
        for earlier, now in zip(walk(was.expr), walk(one.expr), strict=True):
            if times_of(earlier) != times_of(now):
                for place in _places(plan.layout, now, since):
                    rows.append((*place, *times_of(now), *times_of(earlier)))
    return np.array(rows, np.int64).reshape(-1, 7)


def times_of(node: Node) -> tuple[int, int]:
    """T and the wait of what arms instances; nothing of other nodes."""
    if isinstance(node, Without):
        return node.within_ms, node.wait_ms
    return (node.for_ms, node.wait_ms) if isinstance(node, Viewing) else (0, 0)


def _places(layout: Layout, node: Node, since: int) -> Iterator[tuple[int, int, int]]:
    """Word, width and place of the family member in which a node's instances are kept."""
    wanted = _signature(node, since)
    for family, at in zip(layout.families, layout.family_at, strict=True):
        for place, slot in enumerate(family.members, w.N_ENDS):
            if signature(slot) == wanted:
                yield at, family.width, place


def _signature(node: Node, since: int) -> tuple[object, ...]:
    slot = Slot(0, SlotKind.PENDING, VIEWED, since=since)
    if isinstance(node, Without):
        slot.of, slot.key, slot.second = node.first, keyed(node.same), node.second
    elif isinstance(node, Viewing):
        slot.key, slot.second, slot.is_view = "product", node.without, True
        slot.is_loose = node.without is not None and node.same is None
    return signature(slot)
