"""`number count(...)`: the value of a tag, by definition over everything that arrived."""

from __future__ import annotations

from tests.oracle.convert import Tree
from tests.oracle.events import amount_of
from tests.oracle.facts import column_of
from tests.oracle.operators.count import in_panes
from tests.oracle.operators.distinct import newest_by_value
from tests.oracle.operators.sum import amounts
from tests.oracle.operators.trait import value_of
from tests.oracle.view import PLAIN, Holding, View, adds_facts, is_unknown

MAX_EXACT = 64


def holds(tree: Tree, view: View) -> Holding:
    return {} if measured(tree["of"], view) is None else {PLAIN: frozenset()}


def measured(of: Tree, view: View) -> int | float | None:
    """How much it is now; None: nobody knows."""
    if of["op"] == "trait":
        value = value_of(of, view)
        return value if isinstance(value, int | float) and not isinstance(value, bool) else None
    if of["op"] == "score":
        scores = {} if view.facts is None else view.facts.of(view.its_row.viewer).scores
        return scores.get(of["key"])
    if adds_facts(of):
        return with_facts(of, view)
    inside = view.in_window(view.entries(of["of"]), of["within"])
    if of["op"] == "distinct":
        return len(newest_by_value(of, inside))
    if of["op"] == "sum":
        counted = amounts(of, view)
        within = {id(e) for e in view.in_window([e for e, _ in counted], of["within"])}
        return sum(amount for entry, amount in counted if id(entry) in within)
    if len(inside) > MAX_EXACT and isinstance(of["within"], int):
        return len(in_panes(view.entries(of["of"]), of["within"], view.now))
    return len(inside)


def with_facts(of: Tree, view: View) -> int | None:
    if is_unknown(of, column_of(of), view.facts):
        return None
    live = view.since_boundary(view.entries(of["of"]))
    added = len(live) if of["op"] == "count" else sum(amount_of(e.event) or 0 for e in live)
    return view.before_boundary(column_of(of), of["within"]) + added
