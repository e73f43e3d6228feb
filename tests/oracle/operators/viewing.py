"""`product_viewed for T without B on same product`: one page in focus, and nothing of B."""

from __future__ import annotations

from collections.abc import Iterator

from tests.oracle.convert import Tree
from tests.oracle.events import Entry, ids, key_values
from tests.oracle.instances import Instance, InstanceSlot
from tests.oracle.operators.without import arm, kept_cancellers
from tests.oracle.rows import Row
from tests.oracle.view import PLAIN, Holding, View, selected_keys, selects

LEFT: Tree = {"op": "select", "types": ["product_left"], "where": None}


def slot_of(tree: Tree, view: View, row: Row) -> InstanceSlot:
    fresh = InstanceSlot(is_view=True, wanted_ms=tree["for_ms"], wait_ms=tree["wait_ms"])
    return row.slots.setdefault(view.slot_id(tree), fresh)


def observe(tree: Tree, view: View, entry: Entry, *, cancels_only: bool) -> None:
    row = view.its_row
    slot = slot_of(tree, view, row)
    for one in list(slot.instances):
        if closes(tree, one, entry):
            slot.cancel(one, entry.event_time)
    if cancels_only or entry.type != "product_viewed":
        return
    product = entry.event.get("product")
    if product is None and tree["same"] is not None:
        return
    for key in key_values(entry.event, tree["same"]):
        one = Instance(entry, key, view.now)
        arm(slot, one, closed_before(tree, view, row, one))


def closes(tree: Tree, one: Instance, entry: Entry) -> bool:
    """Whether this event ends the view: B, leaving the page, or another product on the page."""
    without = tree["without"]
    is_b = without is not None and selects(without, entry.event)
    if is_b and one.key in selected_keys(without, entry.event, tree["same"]):
        return True
    product = entry.event.get("product")
    if entry.type == "product_left":
        return product is not None and product == one.product
    if entry.type == "product_viewed":
        return product != one.product and entry.event.get("page_id") == one.page_id
    return False


def closed_before(tree: Tree, view: View, row: Row, one: Instance) -> list[int | None]:
    """Event times of kept cancellers that had arrived before this view."""
    by_key = kept_cancellers(tree["without"], tree["same"], view, row)
    left = kept_cancellers(LEFT, "product", view, row)
    others = [
        view_.event_time
        for view_ in row.newest_views()
        if view_.event.get("product") != one.product and view_.event.get("page_id") == one.page_id
    ]
    return [by_key.get(one.key), left.get(one.product), row.left_at, *others]


def holds(tree: Tree, view: View) -> Holding:
    """True from its firing until a canceller arrives; with a key, one token per instance."""
    found: Holding = {}
    for one in slot_of(tree, view, view.its_row).instances:
        if one.fired:
            token = PLAIN if tree["same"] is None else (one.key, one.entry.arrival)
            found[token] = found.get(token, frozenset()) | ids(one.entry)
    return found


def instants(tree: Tree, view: View) -> Iterator[int]:
    yield from slot_of(tree, view, view.its_row).next_turn()
