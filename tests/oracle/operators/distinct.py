"""`distinct(product_viewed.product) within W >= k`; with viewers it is about a room."""

from __future__ import annotations

from collections.abc import Iterator

from tests.oracle.convert import NEEDED_MORE, Tree
from tests.oracle.events import Because, Entry, ids, key_values
from tests.oracle.rows import KeyedLists
from tests.oracle.view import (
    PLAIN,
    Holding,
    Pulses,
    View,
    compare,
    is_room_level,
    selected_keys,
    selects,
)


def values_of(tree: Tree, entry: Entry) -> list[str]:
    if tree["field"] == "viewer":
        return [entry.viewer]
    found = selected_keys(tree["of"], entry.event, tree["field"])
    return [value for value in found if value is not None]


def newest_by_value(tree: Tree, entries: list[Entry]) -> dict[str, Entry]:
    """The newest event of each value; entries come by order, or, of a room, by arrival."""
    return {value: entry for entry in entries for value in values_of(tree, entry)}


def judged(tree: Tree, entries: list[Entry]) -> Because | None:
    newest = newest_by_value(tree, entries)
    if not compare(len(newest), tree["cmp"], tree["value"]):
        return None
    if tree["cmp"] in ("<", "<=", "!="):
        return frozenset()
    enough = tree["value"] + (1 if tree["cmp"] == ">" else 0)
    return ids(*sorted(newest.values(), key=lambda e: e.order)[-enough:])


def holds(tree: Tree, view: View) -> Holding:
    inside = view.in_window(view.entries(tree["of"]), tree["within"])
    if tree["field"] != "viewer" or tree["same"] is None:
        reason = judged(tree, inside)
        return {} if reason is None else {PLAIN: reason}
    found: Holding = {}
    keys = {key for entry in inside for key in key_values(entry.event, tree["same"])}
    for key in sorted(key for key in keys if key is not None):
        reason = judged(tree, [e for e in inside if key in key_values(e.event, tree["same"])])
        if reason is not None:
            found[key, 0] = reason
    return found


def observe(tree: Tree, view: View, entry: Entry, *, cancels_only: bool) -> None:
    """With a key it is a pulse: this event completes the distinct products of its category."""
    if view.row is None or tree["same"] is None or cancels_only:
        return
    if tree["field"] == "viewer" or not selects(tree["of"], entry.event):
        return
    lists = view.its_row.lists.setdefault(view.slot_id(tree), KeyedLists())
    meant = selected_keys(tree["of"], entry.event, tree["same"])
    keys = [key for key in meant if key is not None]
    lists.add(keys, entry)
    found: Pulses = {}
    needed = tree["value"] + NEEDED_MORE[tree["cmp"]]
    for key in keys:
        kept = sorted(lists.by_key.get(key, []), key=lambda e: e.order)
        newest: dict[str, Entry] = {}
        for inside in view.in_window(kept, tree["within"]):
            newest.update(dict.fromkeys(_values_in_category(tree, inside, key), inside))
        if len(newest) >= needed:
            found[key] = ids(*sorted(newest.values(), key=lambda e: e.order)[-needed:])
    view.fresh[view.slot_id(tree)] = found


def _values_in_category(tree: Tree, entry: Entry, key: str) -> list[str]:
    """Of an order with items only the products of this category."""
    items = [item for item in entry.event.get("items") or () if item.get(tree["same"]) == key]
    if entry.event.get("items"):
        return [item[tree["field"]] for item in items if item.get(tree["field"]) is not None]
    return values_of(tree, entry)


def pulses(tree: Tree, view: View) -> Pulses:
    return view.fresh.get(view.slot_id(tree), {})


def instants(tree: Tree, view: View) -> Iterator[int]:
    if isinstance(tree["within"], int) and tree["same"] is None and not is_room_level(tree):
        for entry in view.entries(tree["of"]):
            yield entry.event_time + tree["within"]
