"""The opposite of a level; nothing is its reason."""

from __future__ import annotations

from tests.oracle.convert import Tree
from tests.oracle.view import PLAIN, Holding, View


def holds(tree: Tree, view: View) -> Holding:
    return {} if view.holds(tree["part"]) else {PLAIN: frozenset()}
