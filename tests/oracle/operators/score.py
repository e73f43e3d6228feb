"""`score.churn >= 0.7`: scores come with facts; unknown is false."""

from __future__ import annotations

from tests.oracle.convert import Tree
from tests.oracle.view import PLAIN, Holding, View, compare


def holds(tree: Tree, view: View) -> Holding:
    if view.facts is None:
        return {}
    value = view.facts.of(view.its_row.viewer).scores.get(tree["key"])
    return {PLAIN: frozenset()} if compare(value, tree["cmp"], tree["value"]) else {}
