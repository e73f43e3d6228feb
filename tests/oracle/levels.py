"""Which tags and segments hold of a viewer at an instant, by definition."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from tests.oracle.convert import rule_of
from tests.oracle.judge import Judge
from tests.oracle.run import LATENESS_MS, Message, deliver
from tests.oracle.world import World

Held = dict[tuple[str, str], tuple[bool, frozenset[str]]]
"""By (room, viewer) of the live rows: whether they are in the room, and the levels that hold."""


def held_at(
    definitions: Iterable[Any],
    messages: Sequence[Message],
    instants: Sequence[int],
    *,
    presence: bool = True,
    session_timeout: bool = True,
) -> list[Held]:
    """What holds at the end of each of these instants, ascending."""
    world = World({}, LATENESS_MS, presence, session_timeout)
    for definition in definitions:
        world.rules[definition.key] = rule_of(definition, 0)
    found, left = [], list(messages)
    for instant in instants:
        while left and left[0][0] <= instant:
            deliver(world, left.pop(0))
        world.advance(instant)
        found.append(_held(world, instant))
    return found


def _held(world: World, now: int) -> Held:
    judge = Judge(world.rules, world.facts, world.withheld)
    levels = [rule for rule in world.rules.values() if rule.kind != "moment"]
    found: Held = {}
    for viewer, rows in world.rows.items():
        for name, row in rows.items():
            views = [
                judge.view(rule, world.rooms[name], row, rows, now, is_event=False)
                for rule in levels
            ]
            rules = [view.rule for view in views if view.level_of(view.rule)]
            held = frozenset(f"{rule.kind}.{rule.key}" for rule in rules)
            found[name, viewer] = (row.present, held)
    return found
