"""`tag.carts >= 3`: the number that another definition measures, as this one has counted it.

What the definition carries of the meaning of the comparison gives the evidence; the truth is found
from the number, and the two must say the same.
"""

from __future__ import annotations

from tests.oracle.convert import Tree, walk
from tests.oracle.operators.number import measured
from tests.oracle.view import Holding, View, compare

MEASURES = ("count", "distinct", "sum", "trait", "score")


def holds(tree: Tree, view: View) -> Holding:
    rule = view.rules.get(tree["key"])
    truth = rule is not None and bool(view.level_of(rule))
    of = next((node for node in walk(tree["of"]) if node["op"] in MEASURES), None)
    if of is not None:  # without one the number only has to be known
        truth = truth and compare(measured(of, view), tree["cmp"], tree["value"])
    meant = view.holds(tree["of"])
    if truth != bool(meant):
        raise ValueError(f"{tree} is {truth} by its number, and not by its meaning")
    return meant
