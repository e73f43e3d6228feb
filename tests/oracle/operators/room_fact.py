"""`room.presenting == product`: a fact of the room, now; without a value it is the moment's key."""

from __future__ import annotations

from tests.oracle.convert import Tree
from tests.oracle.view import PLAIN, Holding, View, compare


def holds(tree: Tree, view: View) -> Holding:
    fact = view.room.facts.get(tree["name"])
    value = view.key if tree["value"] is None else tree["value"]
    return {PLAIN: frozenset()} if compare(fact, tree["cmp"], value) else {}
