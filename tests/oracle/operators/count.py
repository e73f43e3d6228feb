"""`count(...) within W >= k`: by definition, over everything that arrived."""

from __future__ import annotations

from collections.abc import Iterator

from tests.oracle.convert import NEEDED_MORE, Tree, is_long
from tests.oracle.events import Because, Entry, ids
from tests.oracle.facts import column_of
from tests.oracle.rows import KeyedLists
from tests.oracle.view import (
    PLAIN,
    Holding,
    Pulses,
    View,
    adds_facts,
    compare,
    is_room_level,
    is_unknown,
    selected_keys,
    selects,
)

MAX_EXACT = 64


MAX_OF_ROOM = 64
"""Events of the room that are kept where each counts for its own key."""


def holds(tree: Tree, view: View) -> Holding:
    entries = view.entries(tree["of"])
    if tree["same"] is not None:
        entries = of_key(tree, view, entries)
    if adds_facts(tree):
        return with_facts(tree, view, view.since_boundary(entries))
    if isinstance(tree["within"], int) and tree["value"] > MAX_EXACT:
        found = in_panes(entries, tree["within"], view.now)
    else:
        found = view.in_window(entries, tree["within"])
    if not compare(len(found), tree["cmp"], tree["value"]):
        return {}
    return {PLAIN: because(tree, found)}


def of_key(tree: Tree, view: View, entries: list[Entry]) -> list[Entry]:
    """Of the newest events of the room that have a key, those of the key of what fires."""
    keys = {id(e): selected_keys(tree["of"], e.event, tree["same"]) for e in entries}
    kept = [e for e in entries if keys[id(e)]][-MAX_OF_ROOM:]
    return [e for e in kept if view.key in keys[id(e)]]


def with_facts(tree: Tree, view: View, live: list[Entry]) -> Holding:
    """The whole days before the boundary and what is live since."""
    if is_unknown(tree, column_of(tree), view.facts):
        return {}
    before = view.before_boundary(column_of(tree), tree["within"])
    if not compare(before + len(live), tree["cmp"], tree["value"]):
        return {}
    return {PLAIN: because(tree, live, before)}


def because(tree: Tree, found: list[Entry], before: int = 0) -> Because:
    """The newest that reach the threshold on top of the facts; none for "fewer than"."""
    if tree["cmp"] in ("<", "<=", "!="):
        return frozenset()
    enough = tree["value"] + (1 if tree["cmp"] == ">" else 0) - before
    return ids(*found[-enough:]) if enough > 0 else frozenset()


def pane_ms(within: int) -> int:
    return max(100, -(-within // 60))


def in_panes(entries: list[Entry], within: int, now: int) -> list[Entry]:
    """Entries in panes with end > now - W and start <= now."""
    pane = pane_ms(within)
    starts = [(e, e.event_time // pane * pane) for e in entries]
    return [e for e, start in starts if start + pane > now - within and start <= now]


def observe(tree: Tree, view: View, entry: Entry, *, cancels_only: bool) -> None:
    """With a key it is a pulse: this event completes the count of its key."""
    if tree["same"] is None or cancels_only or not selects(tree["of"], entry.event):
        return
    if is_room_level(tree):
        return
    lists = view.its_row.lists.setdefault(view.slot_id(tree), KeyedLists())
    meant = selected_keys(tree["of"], entry.event, tree["same"])
    keys = [key for key in meant if key is not None]
    lists.add(keys, entry)
    found: Pulses = {}
    needed = tree["value"] + NEEDED_MORE[tree["cmp"]]
    for key in keys:
        kept = sorted(lists.by_key.get(key, []), key=lambda e: e.order)
        inside = view.in_window(kept, tree["within"])
        if len(inside) >= needed:
            found[key] = ids(*inside[-needed:])
    view.fresh[view.slot_id(tree)] = found


def pulses(tree: Tree, view: View) -> Pulses:
    return view.fresh.get(view.slot_id(tree), {})


def instants(tree: Tree, view: View) -> Iterator[int]:
    """When an event falls out of the window."""
    if is_room_level(tree):
        return  # it is read when something else happens
    if isinstance(tree["within"], int) and tree["same"] is None and not is_long(tree):
        for entry in view.entries(tree["of"]):
            if tree["value"] > MAX_EXACT:
                pane = pane_ms(tree["within"])
                yield entry.event_time // pane * pane + pane + tree["within"]
            else:
                yield entry.event_time + tree["within"]
