"""`score.churn >= 0.7`: scores come with facts; the oracle has none, and unknown is false."""

from __future__ import annotations

from tests.oracle.convert import Tree
from tests.oracle.view import Holding, View


def holds(tree: Tree, view: View) -> Holding:
    return {}
