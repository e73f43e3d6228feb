"""`time_since(order_paid) > 30d`: now - the time of the last such event."""

from __future__ import annotations

from collections.abc import Iterator

from tests.oracle.convert import Tree
from tests.oracle.events import ids
from tests.oracle.view import PLAIN, Holding, View, compare, is_room_level


def holds(tree: Tree, view: View) -> Holding:
    for last in view.entries(tree["of"])[-1:]:
        if compare(view.now - last.event_time, tree["cmp"], tree["value_ms"]):
            return {PLAIN: ids(last)}
    return {}


def instants(tree: Tree, view: View) -> Iterator[int]:
    """Where >= and < flip, and one ms later where >, <=, == and != flip."""
    for last in [] if is_room_level(tree) else view.entries(tree["of"])[-1:]:
        yield last.event_time + tree["value_ms"]
        yield last.event_time + tree["value_ms"] + 1
