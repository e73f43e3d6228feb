"""All parts: at most one pulse, guarded by levels; facts of the room are read last."""

from __future__ import annotations

from tests.oracle.convert import Tree, walk
from tests.oracle.rows import Token
from tests.oracle.view import PLAIN, Holding, Pulses, View, is_pulse, is_room_level


def holds(tree: Tree, view: View) -> Holding:
    return guarded({PLAIN: frozenset()}, tree["parts"], view)


def pulses(tree: Tree, view: View) -> Pulses:
    happening = next(part for part in tree["parts"] if is_pulse(part))
    start: Holding = {(key, 0): why for key, why in view.pulses(happening).items()}
    guards = [part for part in tree["parts"] if part is not happening]
    found: Pulses = {}
    for (key, _), why in guarded(start, guards, view).items():
        found[key] = found.get(key, frozenset()) | why
    return found


def guarded(start: Holding, parts: list[Tree], view: View) -> Holding:
    """What is left of `start` when every part must hold too.

    A part with a key (a view) gives its key to what had none; parts that compare with the key are
    judged once the key is known.
    """
    found = start
    for part in sorted(parts, key=_reads_key):
        found = {
            joined: why | also
            for token, why in found.items()
            for other, also in view.with_key(token[0]).holds(part).items()
            if (joined := join(token, other)) is not None
        }
    return found


def _reads_key(part: Tree) -> bool:
    return any(
        (node["op"] == "room_fact" and node["value"] is None)
        or (is_room_level(node) and node.get("same") is not None)
        for node in walk(part)
    )


def join(left: Token, right: Token) -> Token | None:
    """Two keyed parts agree on the key, or do not hold together."""
    if right[0] is None:
        return left
    if left[0] is None:
        return right
    return left if left[0] == right[0] else None
