"""A merge: the rows of one room become one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.oracle.events import Entry
from tests.oracle.rows import EVERY, Row, TimerFlag


def joined(own: Row, other: Row) -> Row:
    """The rows of one room become one: lists by time, one page in focus."""
    _stand_before(own, other)
    _lose_focus(own, other)
    _lose_focus(other, own)
    visits = sorted([*own.visits, *other.visits], key=lambda visit: visit.first.order)
    # what the facts told a row that had no visit of its own to be previous to
    told = _given(*(row.seen_before for row in (own, other) if visits and not row.visits))
    if own.present and other.present:
        mine, theirs = own.visits[-1], other.visits[-1]
        first, end = min(mine.first, theirs.first, key=lambda e: e.order), max(mine.end, theirs.end)
        closed = [visit for visit in visits if visit not in (mine, theirs)]
        visits = [*closed, replace(mine, first=first, end=end)]
    elif own.present or other.present:
        current = (own if own.present else other).visits[-1]
        visits = [*[visit for visit in visits if visit is not current], current]
        own.visit_id = own.visit_id if own.present else other.visit_id
    own.visits = visits
    ends = [visit.end for visit in visits[:-1]]
    own.previous = max([*ends, *told, *_given(own.previous, other.previous)], default=None)
    own.seen_before = greater(own.seen_before, other.seen_before)
    own.entries = sorted([*own.entries, *other.entries], key=lambda e: e.order)
    own.elsewhere += other.elsewhere
    own.present = own.present or other.present
    own.last_seen = greater(own.last_seen, other.last_seen)
    own.left_at = greater(own.left_at, other.left_at)
    own.gone_at = None if own.present else greater(own.gone_at, other.gone_at)
    own.stream = greater(own.stream, other.stream)
    for name, slot in other.slots.items():
        if name in own.slots:
            own.slots[name].absorb(slot)
        else:
            own.slots[name] = slot
    for slot in own.slots.values():
        if slot.is_view:
            _focus_newer(slot.instances, slot.cancel)
    for name, lists in other.lists.items():
        mine_ = own.lists.setdefault(name, type(lists)())
        for key, entries in lists.by_key.items():
            mine_.by_key.setdefault(key, []).extend(entries)
        mine_.lines |= lists.lines
        mine_.keep_bound()
        mine_.overflow += lists.overflow
    for rule, tokens in other.truth.items():
        own.truth[rule] = own.truth.get(rule, set()) | tokens
    for tokens in own.truth.values():
        if tokens:
            tokens.add(EVERY)
    for name in {*own.flags, *other.flags}:
        either = [row.flags[name].true for row in (own, other) if name in row.flags]
        own.flags[name] = TimerFlag(any(either), is_merged=True)
    return own


def _stand_before(own: Row, other: Row) -> None:
    """Of equal event times what `other` brings stands before what `own` has."""
    rank = min((entry.rank for entry in own.entries), default=0) - 1

    def before(entry: Entry) -> Entry:
        return replace(entry, rank=rank)

    other.entries = [before(entry) for entry in other.entries]
    other.elsewhere = [before(entry) for entry in other.elsewhere]
    other.visits = [replace(visit, first=before(visit.first)) for visit in other.visits]
    for slot in other.slots.values():
        for one in [*slot.instances, *slot.over]:
            one.entry = before(one.entry)
    for kept in other.lists.values():
        kept.by_key = {key: [before(e) for e in entries] for key, entries in kept.by_key.items()}


def _focus_newer(instances: list[Any], cancel: Any) -> None:
    """One page in focus: a view is over when a newer one of another product took its page."""
    for one in list(instances):
        for newer in list(instances):
            is_newer = newer.entry.order > one.entry.order
            if is_newer and newer.page_id == one.page_id and newer.product != one.product:
                cancel(one, newer.entry.event_time)


def _lose_focus(own: Row, other: Row) -> None:
    """The same by views of the other row that are over, of which it keeps the newest two."""
    for slot in own.slots.values():
        for one in list(slot.instances) if slot.is_view else []:
            for newer in other.newest_views():
                is_newer = newer.order > one.entry.order
                is_other = newer.event.get("product") != one.product
                if is_newer and is_other and newer.event.get("page_id") == one.page_id:
                    slot.cancel(one, newer.event_time)


def _given(*values: Any) -> list[Any]:
    return [value for value in values if value is not None]


def greater(left: Any, right: Any) -> Any:
    """The greater of the given ones, None if neither is."""
    return max(_given(left, right), default=None)
