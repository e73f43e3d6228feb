"""`first(room_entered.entry_source) == "search"`: of the first such event by order."""

from __future__ import annotations

from tests.oracle.convert import Tree
from tests.oracle.events import field_values, ids
from tests.oracle.view import PLAIN, Holding, View, compare


def holds(tree: Tree, view: View) -> Holding:
    for entry in view.entries(tree["of"])[:1]:
        values = field_values(entry.event, tree["field"])
        if any(compare(value, tree["cmp"], tree["value"]) for value in values):
            return {PLAIN: ids(entry)}
    return {}
