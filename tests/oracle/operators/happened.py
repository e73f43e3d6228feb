"""`order_paid`, `cart_added on same product`: such an event, now."""

from __future__ import annotations

from tests.oracle.convert import Tree
from tests.oracle.events import Entry, ids
from tests.oracle.view import Pulses, View, selected_keys, selects


def observe(tree: Tree, view: View, entry: Entry, *, cancels_only: bool) -> None:
    if cancels_only or not selects(tree["of"], entry.event):
        return
    found: Pulses = {
        key: ids(entry) for key in selected_keys(tree["of"], entry.event, tree["same"])
    }
    view.fresh[view.slot_id(tree)] = found


def pulses(tree: Tree, view: View) -> Pulses:
    return view.fresh.get(view.slot_id(tree), {})
