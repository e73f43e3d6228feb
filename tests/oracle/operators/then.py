"""`A then B within T`: when B arrives, the latest A that has arrived lies within T before it."""

from __future__ import annotations

from tests.oracle.convert import Tree
from tests.oracle.events import Entry, ids
from tests.oracle.rows import MAX_KEYS
from tests.oracle.view import Pulses, View, selected_keys, selects


def latest_by_key(tree: Tree, view: View, entries: list[Entry]) -> dict[str | None, Entry]:
    """The latest A by order per key; only the eight newest keys are kept."""
    found: dict[str | None, Entry] = {}
    for entry in sorted(view.selected(tree["first"], entries), key=lambda e: e.order):
        for key in selected_keys(tree["first"], entry.event, tree["same"]):
            found[key] = entry
    newest = sorted(found, key=lambda key: found[key].order)[-MAX_KEYS:]
    return {key: found[key] for key in newest}


def observe(tree: Tree, view: View, entry: Entry, *, cancels_only: bool) -> None:
    """The event itself is not among the entries yet: it is no A of its own."""
    if cancels_only or not selects(tree["second"], entry.event):
        return
    row = view.its_row
    own = latest_by_key(tree, view, row.entries)
    of_room = latest_by_key(tree, view, view.room.entries)
    found: Pulses = {}
    for key in selected_keys(tree["second"], entry.event, tree["same"]):
        latest = max(
            (a for a in (own.get(key), of_room.get(key)) if a is not None),
            key=lambda a: a.order,
            default=None,
        )
        if latest is None or latest.order > entry.order:
            continue  # an A that comes after its B completes nothing
        if entry.event_time - latest.event_time > tree["within_ms"]:
            continue
        if tree["same"] == "visit":
            visit = row.visit
            if visit is None or latest.event_time < visit.start:
                continue
        found[key] = ids(latest, entry)
    view.fresh[view.slot_id(tree)] = found


def pulses(tree: Tree, view: View) -> Pulses:
    return view.fresh.get(view.slot_id(tree), {})
