"""`sum(order_paid.amount) within W >= x`: over the 64 newest amounts by definition."""

from __future__ import annotations

from collections.abc import Iterator

from tests.oracle.convert import Tree
from tests.oracle.events import Entry, amount_of, ids
from tests.oracle.view import PLAIN, Holding, View, compare

MAX_AMOUNTS = 64


def amounts(tree: Tree, view: View) -> list[tuple[Entry, int]]:
    found = [(entry, amount_of(entry.event)) for entry in view.entries(tree["of"])]
    known = [(entry, amount) for entry, amount in found if amount is not None]
    if isinstance(tree["within"], int) or tree["within"] == "visit":
        return known[-MAX_AMOUNTS:]
    return known


def holds(tree: Tree, view: View) -> Holding:
    of_entry = amounts(tree, view)
    inside = {id(e) for e in view.in_window([entry for entry, _ in of_entry], tree["within"])}
    counted = [(entry, amount) for entry, amount in of_entry if id(entry) in inside]
    if not compare(sum(amount for _, amount in counted), tree["cmp"], tree["value"]):
        return {}
    if tree["cmp"] in ("<", "<="):
        return {PLAIN: frozenset()}
    reached, newest = 0, []
    for entry, amount in reversed(counted):
        newest.append(entry)
        reached += amount
        if compare(reached, tree["cmp"], tree["value"]):
            break
    return {PLAIN: ids(*newest)}


def instants(tree: Tree, view: View) -> Iterator[int]:
    if isinstance(tree["within"], int):
        for entry in view.entries(tree["of"]):
            yield entry.event_time + tree["within"]
