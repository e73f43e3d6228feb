"""Any part: pulses with pulses, or levels with levels."""

from __future__ import annotations

from tests.oracle.convert import Tree
from tests.oracle.view import Holding, Pulses, View


def holds(tree: Tree, view: View) -> Holding:
    found: Holding = {}
    for part in tree["parts"]:
        for token, why in view.holds(part).items():
            found[token] = found.get(token, frozenset()) | why
    return found


def pulses(tree: Tree, view: View) -> Pulses:
    """Once per instant and key."""
    found: Pulses = {}
    for part in tree["parts"]:
        for key, why in view.pulses(part).items():
            found[key] = found.get(key, frozenset()) | why
    return found
