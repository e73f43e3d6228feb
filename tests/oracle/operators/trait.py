"""`trait.city_tier in (tier_1)`: the last value by order, or that of the facts."""

from __future__ import annotations

from typing import Any

from tests.oracle.convert import Tree
from tests.oracle.view import PLAIN, Holding, View, compare


def holds(tree: Tree, view: View) -> Holding:
    dimension = tree["name"].removeprefix("loved_")
    if dimension != tree["name"] and view.is_withheld(f"{dimension}_lover"):
        return {}
    value = value_of(tree, view)
    return {PLAIN: frozenset()} if compare(value, tree["cmp"], tree["value"]) else {}


def value_of(tree: Tree, view: View) -> Any:
    """The last value that was told."""
    value, since = None, None
    if view.facts is not None:
        value = view.facts.of(view.its_row.viewer).traits.get(tree["name"])
        since = None if value is None else view.facts.boundary
    for entry in view.its_row.entries:
        if since is not None and entry.event_time < since:
            continue  # the facts know what came of it
        carries = entry.type in ("profile_updated", "identity_linked")
        traits = entry.event.get("traits") if carries else None
        value = (traits or {}).get(tree["name"], value)
    return value
