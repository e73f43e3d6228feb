"""`A without B within T`: armed by each A, cancelled by a B later by order, due at A + T."""

from __future__ import annotations

from collections.abc import Iterator

from tests.oracle.convert import Tree
from tests.oracle.events import Entry, ids
from tests.oracle.instances import Instance, InstanceSlot
from tests.oracle.rows import MAX_KEYS, Row
from tests.oracle.view import Pulses, View, selected_keys, selects


def slot_of(tree: Tree, view: View, row: Row) -> InstanceSlot:
    fresh = InstanceSlot(is_view=False, wanted_ms=tree["within_ms"], wait_ms=tree["wait_ms"])
    return row.slots.setdefault(view.slot_id(tree), fresh)


def observe(tree: Tree, view: View, entry: Entry, *, cancels_only: bool) -> None:
    row = view.its_row
    slot = slot_of(tree, view, row)
    if selects(tree["second"], entry.event):
        for key in selected_keys(tree["second"], entry.event, tree["same"]):
            for one in [*slot.instances, *slot.over]:
                if one.key == key:
                    slot.cancel(one, entry.event_time)
    if cancels_only or not selects(tree["first"], entry.event):
        return
    kept = kept_cancellers(tree["second"], tree["same"], view, row)
    for key in selected_keys(tree["first"], entry.event, tree["same"]):
        arm(slot, Instance(entry, key, view.now), [kept.get(key), row.left_at])


def arm(slot: InstanceSlot, one: Instance, cancellers: list[int | None]) -> None:
    """Arm, unless a canceller that lies after it came before it."""
    later = [time for time in cancellers if time is not None and time > one.entry.event_time]
    one.cancel = min(later, default=None)
    slot.arm(one)


def kept_cancellers(
    select: Tree | None, same: str | None, view: View, row: Row
) -> dict[str | None, int]:
    """The greatest event time of a canceller per key, of the eight newest keys."""
    if select is None:
        return {}
    found: dict[str | None, Entry] = {}
    entries = [*row.entries, *row.elsewhere, *view.room.entries]
    for entry in sorted(view.selected(select, entries, hints=True), key=lambda e: e.order):
        for key in selected_keys(select, entry.event, same):
            found[key] = entry
    newest = sorted(found, key=lambda key: found[key].order)[-MAX_KEYS:]
    return {key: found[key].event_time for key in newest}


def pulses(tree: Tree, view: View) -> Pulses:
    """One per instant and key, because of A."""
    found: Pulses = {}
    for one in slot_of(tree, view, view.its_row).firing:
        found[one.key] = found.get(one.key, frozenset()) | ids(one.entry)
    return found


def instants(tree: Tree, view: View) -> Iterator[int]:
    yield from slot_of(tree, view, view.its_row).next_turn()
