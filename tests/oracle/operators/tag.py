"""`tag.price_sensitive`: another definition holds."""

from __future__ import annotations

from tests.oracle.convert import Tree
from tests.oracle.view import PLAIN, Holding, View


def holds(tree: Tree, view: View) -> Holding:
    rule = view.rules.get(tree["key"])
    if rule is None or not view.level_of(rule):
        return {}
    return {PLAIN: frozenset()}
