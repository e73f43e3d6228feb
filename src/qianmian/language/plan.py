"""The plan of an expression: what to ask of history, as a relational tree (`relations.py`).

The plan of a level is the set of viewers for whom it holds at an instant `now`; the plan of a pulse
is the set of instants at which it was true between two times. Adapters in `storage` turn it into
queries.

A property test reads plans naively and compares them with the plain reading of the expression:
levels that need nothing but rows, sequences, and absences. The adapter for DuckDB
(`storage/history_reader`) reads levels, and is compared with the engine and the oracle. A tree does
not say what ends a wait besides its own events: leaving, another visit, a withdrawal, the end of
the session; whoever reads instants must take these from the history itself, and nobody does yet.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from qianmian.language.ast import Node
from qianmian.language.catalog import operator_of
from qianmian.language.limits import check_size
from qianmian.language.relations import Relation


def plan(node: Node) -> Relation:
    """The relational tree of a checked expression.

    Raises: LimitExceeded when the tree is too deep or too large.
    """
    check_size(node)
    return _planned(node)


def _planned(node: Node) -> Relation:
    return operator_of(node).plan(node, _planned)


def plan_json(relation: Relation) -> dict[str, Any]:
    """The tree as JSON: `{"relation": name, …}`, durations in ms."""
    held = {field.name: _json_of(getattr(relation, field.name)) for field in fields(relation)}
    return {"relation": type(relation).__name__, **held}


def _json_of(value: Any) -> Any:
    if isinstance(value, Relation):
        return plan_json(value)
    if isinstance(value, tuple):
        return [_json_of(one) for one in value]
    return value
