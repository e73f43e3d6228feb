"""`previous visit 30d ago`: the row or another live row of the viewer shows an earlier visit."""

from __future__ import annotations

from collections.abc import Iterator

from tests.oracle.convert import Tree
from tests.oracle.view import PLAIN, Holding, View


def holds(tree: Tree, view: View) -> Holding:
    end = view.its_row.previous
    if end is None:
        return {}
    if tree["ago_ms"] is not None and end > view.now - tree["ago_ms"]:
        return {}
    return {PLAIN: frozenset()}


def instants(tree: Tree, view: View) -> Iterator[int]:
    end = view.its_row.previous
    if end is not None and tree["ago_ms"] is not None:
        yield end + tree["ago_ms"]
