"""`trait.city_tier in (tier_1)`: the last value by order, or that of the facts."""

from __future__ import annotations

import json
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
    """The last value that was told by the best of sources."""
    value, since, best = None, None, 0
    if view.facts is not None:
        known = view.facts.of(view.its_row.viewer)
        value = known.traits.get(tree["name"])
        if value is not None:
            since, best = view.facts.boundary, rank(known.origins.get(tree["name"]))
    for entry in view.its_row.entries:
        if since is not None and entry.event_time < since:
            continue  # the facts know what came of it
        carries = entry.type in ("profile_updated", "identity_linked")
        traits = (entry.event.get("traits") if carries else None) or {}
        source = json.loads(entry.event.get("properties") or "{}").get("trait_origin")
        if tree["name"] in traits and rank(source) >= best:
            value, best = traits[tree["name"]], rank(source)
    return value


def rank(source: str | None) -> int:
    """Declared above platform above stated above inferred."""
    known = ("inferred", "stated", "platform", "declared")
    return known.index(source) if source in known else 2
