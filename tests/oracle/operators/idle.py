"""`idle for T on product page`: present, visible, and the last operation is T ago."""

from __future__ import annotations

from collections.abc import Iterator

from tests.oracle.convert import Tree
from tests.oracle.events import Entry, ids
from tests.oracle.operators import viewing
from tests.oracle.rows import TimerFlag
from tests.oracle.view import PLAIN, Holding, View

PAGE_ID = -1  # the slot of open pages belongs to the row, not to a node


def page_tree(tree: Tree) -> Tree:
    """An open page is a view without a time and without `without`."""
    return {
        "op": "viewing",
        "id": PAGE_ID - tree["id"],
        "for_ms": 1 << 50,
        "wait_ms": 0,
        "without": None,
        "same": "product",
    }


def observe(tree: Tree, view: View, entry: Entry, *, cancels_only: bool) -> None:
    if tree["on_product_page"]:
        viewing.observe(page_tree(tree), view, entry, cancels_only=cancels_only)


def time_of(tree: Tree, view: View) -> int | None:
    """The last operation, where idleness is possible at all."""
    row = view.its_row
    last = row.last_operation()
    if last is None or not row.present or row.hidden_since() is not None:
        return None
    if tree["on_product_page"]:
        pages = viewing.slot_of(page_tree(tree), view, row).instances
        if not any(one.cancel is None for one in pages):
            return None
    return last[0]


def settle(tree: Tree, view: View) -> None:
    """It becomes true as a timer does."""
    flag = view.its_row.flags.setdefault(view.slot_id(tree), TimerFlag())
    time = time_of(tree, view)
    due = None if time is None else time + tree["for_ms"]
    flag.settle(due, time, view.now, is_event=view.is_event)


def holds(tree: Tree, view: View) -> Holding:
    row = view.its_row
    last = row.last_operation()
    flag = row.flags.get(view.slot_id(tree))
    if flag is None or not flag.true or last is None:
        return {}
    return {PLAIN: ids(last[1])}


def instants(tree: Tree, view: View) -> Iterator[int]:
    time = time_of(tree, view)
    if time is not None:
        yield time + tree["for_ms"]
