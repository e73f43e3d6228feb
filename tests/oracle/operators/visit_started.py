"""`visit_started`: the first event of a visit."""

from __future__ import annotations

from tests.oracle.convert import Tree
from tests.oracle.events import ids
from tests.oracle.view import Pulses, View


def pulses(tree: Tree, view: View) -> Pulses:
    return {} if view.visit_started is None else {None: ids(view.visit_started)}
