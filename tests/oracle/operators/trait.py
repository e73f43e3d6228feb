"""`trait.city_tier in (tier_1)`: the last value by order; unknown is false."""

from __future__ import annotations

from tests.oracle.convert import Tree
from tests.oracle.view import PLAIN, Holding, View, compare


def holds(tree: Tree, view: View) -> Holding:
    value = None
    for entry in view.its_row.entries:
        carries = entry.type in ("profile_updated", "identity_linked")
        traits = entry.event.get("traits") if carries else None
        value = (traits or {}).get(tree["name"], value)
    return {PLAIN: frozenset()} if compare(value, tree["cmp"], tree["value"]) else {}
