"""`sum(order_paid.amount) within W >= x`, or of a scope: over the 64 newest amounts."""

from __future__ import annotations

from collections.abc import Iterator

from tests.oracle.convert import Tree, is_long
from tests.oracle.events import Entry, amount_of, ids
from tests.oracle.facts import column_of
from tests.oracle.view import PLAIN, Holding, View, adds_facts, compare, is_unknown

MAX_AMOUNTS = 64


def amounts(tree: Tree, view: View) -> list[tuple[Entry, int]]:
    found = [(entry, amount_of(entry.event)) for entry in view.entries(tree["of"])]
    known = [(entry, amount) for entry, amount in found if amount is not None]
    return known[-MAX_AMOUNTS:]


def holds(tree: Tree, view: View) -> Holding:
    if adds_facts(tree):
        return with_facts(tree, view)
    of_entry = amounts(tree, view)
    inside = {id(e) for e in view.in_window([entry for entry, _ in of_entry], tree["within"])}
    counted = [(entry, amount) for entry, amount in of_entry if id(entry) in inside]
    return reached_by(tree, counted, 0)


def with_facts(tree: Tree, view: View) -> Holding:
    """The whole days before the boundary and what is live since."""
    if is_unknown(tree, column_of(tree), view.facts):
        return {}
    entries = view.since_boundary(view.entries(tree["of"]))
    found = [(entry, amount_of(entry.event)) for entry in entries]
    known = [(entry, amount) for entry, amount in found if amount is not None]
    return reached_by(tree, known, view.before_boundary(column_of(tree), tree["within"]))


def reached_by(tree: Tree, counted: list[tuple[Entry, int]], before: int) -> Holding:
    """The truth, and the newest that reach the threshold on top of what was before."""
    if not compare(before + sum(amount for _, amount in counted), tree["cmp"], tree["value"]):
        return {}
    if tree["cmp"] in ("<", "<="):
        return {PLAIN: frozenset()}
    reached, newest = before, []
    for entry, amount in reversed(counted):
        if compare(reached, tree["cmp"], tree["value"]):
            break
        newest.append(entry)
        reached += amount
    return {PLAIN: ids(*newest)}


def instants(tree: Tree, view: View) -> Iterator[int]:
    if isinstance(tree["within"], int) and not is_long(tree):
        for entry in view.entries(tree["of"]):
            yield entry.event_time + tree["within"]
