"""`in segment.vip`: another definition holds, or, where there is none, the facts say so."""

from __future__ import annotations

from tests.oracle.convert import Tree
from tests.oracle.operators import tag
from tests.oracle.view import PLAIN, Holding, View


def holds(tree: Tree, view: View) -> Holding:
    if tree["key"] in view.rules:
        return tag.holds(tree, view)
    if view.facts is None or tree["key"] not in view.facts.of(view.its_row.viewer).segments:
        return {}
    return {PLAIN: frozenset()}
