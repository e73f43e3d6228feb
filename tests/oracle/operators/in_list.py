"""`in list.vip`: the facts say so."""

from __future__ import annotations

from tests.oracle.convert import Tree
from tests.oracle.view import PLAIN, Holding, View


def holds(tree: Tree, view: View) -> Holding:
    if view.facts is None:
        return {}
    mine = view.facts.of(view.its_row.viewer).segments
    return {PLAIN: frozenset()} if f"list.{tree['key']}" in mine else {}
