"""An anonymous viewer turns out to be a known one: rows merge room by room, at the link's clock.

Lists merge by time, instances and stamps keep their event times, streams and the once-set are
united; of two pages the newer view stays in focus. Of equal event times the known viewer's counts
as the later: rows do not keep the order of arrival. A level was true before if it was true in
either row, so only what was false in both rises. The anonymous rows are freed; what is due from
then on is the known viewer's. The two may live in different shards.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from qianmian.engine import words as w
from qianmian.engine.dedupe import GAPS_KEPT, STREAMS_KEPT, refill_messages
from qianmian.engine.facts import hiding
from qianmian.engine.instances import MOST_INSTANCES
from qianmian.engine.layout import TOTALS, WIDTH, Layout
from qianmian.engine.lists import KEYS_KEPT
from qianmian.engine.once import WHO, refill
from qianmian.engine.rows import drop_row, make_row, reevaluate
from qianmian.engine.shard import Shard
from qianmian.engine.state import with_streams
from qianmian.language.program import INSTANCES, SlotKind
from qianmian.vocabulary.origins import counts

VIEWER_MASK = (1 << 32) - 1
Entries = npt.NDArray[np.int32]
Bits = npt.NDArray[np.uint64]
LATEST = (w.LAST_SEEN, w.LEFT_TIME, w.LAST_OPERATION, w.SHOWN_TIME)
CLOCKS = (w.IDLE_CLOCK, w.HIDDEN_CLOCK, w.VISIT_CLOCK)
KEY_COLUMN = {SlotKind.KEYED: 1, SlotKind.GROUPED: 2}


class Told(NamedTuple):
    """Traits that come with a link: their place in time, whose word, and the atoms they decide."""

    time_ms: int
    rank: int
    known: Bits
    values: Bits


class Carried(NamedTuple):
    """A row taken out of its shard: its words, and the entries of its lists by word."""

    words: Entries
    lists: dict[int, Entries]
    previous: int
    present: bool


def merge_viewers(
    source: Shard,
    target: Shard,
    anonymous: int,
    known: int,
    clock_ms: int,
    told: Bits,
    link: Told | None,
) -> None:
    """Move everything of `anonymous` to `known`.

    Args:
        told: which atoms the traits make true that either of them was told live.
        link: the traits that come with the link; rows that become one know them at once.

    Both shards have been swept to `clock_ms`: what was due before has happened.
    """
    both = np.array([anonymous, known])
    for shard in (source, target):
        shard.note_viewers(both)
    _merge_once(source, target, anonymous, known)
    for row in source.rows_of(anonymous):
        carried = _carry(source, row)
        room = int(carried.words[w.ROOM])
        _show_told(source, anonymous, carried, told)
        drop_row(source.tables, source.state, row)
        if carried.present:
            source.state.ONLINE[room] -= 1
        _merge_row(target, known, room, carried, clock_ms - target.base_ms, link)
    seen = source.state.PEOPLE[anonymous, w.P_SEEN]
    target.state.PEOPLE[known, w.P_SEEN] = max(target.state.PEOPLE[known, w.P_SEEN], seen)
    _merge_streams(source, target, anonymous, known)
    _merge_messages(source, target, anonymous, known)
    target.note_viewers(both)


def _widths(layout: Layout) -> list[tuple[int, int, int, SlotKind]]:
    """Every list of a row: its word, width, capacity and the kind of its slot."""
    found = []
    for family, off in zip(layout.families, layout.family_at, strict=True):
        found.append((off, family.width, MOST_INSTANCES, SlotKind.PENDING))
        if family.is_view:
            found.append((off + 2, 2, INSTANCES, SlotKind.RECENT))
    for slot in layout.program.slots:
        if slot.kind is SlotKind.PENDING and slot.second is not None:
            found.append((layout.offset_of[slot.id], 2, INSTANCES, SlotKind.RECENT))
        elif slot.kind in WIDTH:
            off, cap = layout.offset_of[slot.id], layout.capacity_of(slot)
            found.append((off, WIDTH[slot.kind], cap, slot.kind))
    return found


def _carry(shard: Shard, row: int) -> Carried:
    state = shard.state
    lists = {}
    for off, width, _, _ in _widths(shard.layout):
        n, at = int(state.I[row, off + 1]) & w.ENTRIES, int(state.I[row, off])
        lists[off] = state.AR[at : at + n * width].reshape(n, width).copy()
    words = state.I[row].copy()
    present = bool(int(state.Q[row, shard.tables.M[0]]) & 1)
    return Carried(words, lists, int(state.PREV[row]), present)


def _merge_row(
    shard: Shard, known: int, room: int, carried: Carried, clock: int, link: Told | None
) -> None:
    mine = [row for row in shard.rows_of(known) if shard.state.I[row, w.ROOM] == room]
    row = mine[0] if mine else _new_row(shard, known, room)
    state, layout = shard.state, shard.layout
    viewed = _views(state.I[row]), _views(carried.words)
    _merge_header(shard, row, carried)
    for off, words in _times_in_row(layout):
        both = np.concatenate([state.I[row, off : off + words], carried.words[off : off + words]])
        state.I[row, off : off + words] = np.sort(both)[::-1][:words]
    _merge_edges(shard, row, carried)
    ours = _carry(shard, row)
    for family, off in zip(layout.families, layout.family_at, strict=True):
        if family.is_view:
            _focus(ours.lists[off], carried.lists[off])
            _lose_focus(ours.lists[off], viewed[1], 0)
            _lose_focus(carried.lists[off], viewed[0], 1)
    merged = {
        off: _merged(ours.lists[off], carried.lists[off], cap, kind)
        for off, _, cap, kind in _widths(layout)
    }
    for off, width, _, kind in _widths(layout):
        _store(shard, row, off, width, merged[off])
        if kind in KEY_COLUMN:
            both = np.concatenate([ours.lists[off], carried.lists[off]])[:, KEY_COLUMN[kind]]
            shard.state.G[w.G_OVERFLOW] += max(len(np.unique(both)) - KEYS_KEPT, 0)
    first = layout.bits_at // 2
    bits = shard.state.Q[row, first : first + layout.bit_words]
    theirs = carried.words[2 * first : 2 * (first + layout.bit_words)].view(np.uint64)
    own = bits.copy()
    bits[:] = own | theirs if mine else theirs
    _merge_attributes(shard, row, carried, own, theirs)
    if link is not None:
        _tell(shard, row, link)
    reevaluate(shard.tables, shard.state, row, clock)


def _merge_attributes(
    shard: Shard,
    row: int,
    carried: Carried,
    own: Bits,
    theirs: Bits,
) -> None:
    """Facts are those of the known one; of each trait told live what counts in either row."""
    tables, state = shard.tables, shard.state
    first = shard.layout.bits_at // 2
    bits = state.Q[row, first : first + len(own)]
    known_by_facts = shard.layout.attribute_mask
    bits[:] = (bits & ~known_by_facts) | (own & known_by_facts)
    viewer, told = int(state.I[row, w.VIEWER]), carried.words
    for word, mask in zip(tables.ATTRIBUTE_WORDS.tolist(), tables.ATTRIBUTE_BITS, strict=True):
        mine = state.I[row, word : word + 2]
        if told[word] == w.NEVER or counts(*_told_at(mine), *_told_at(told[word : word + 2])):
            continue
        mine[:] = told[word : word + 2]
        if not (_hidden(shard, viewer, told[word : word + 2]) & mask).any():
            bits[:] = (bits & ~mask) | (theirs & mask)


def _tell(shard: Shard, row: int, link: Told) -> None:
    """The traits of the link, unless the row was told newer ones."""
    tables, state, first = shard.tables, shard.state, shard.layout.bits_at // 2
    bits = state.Q[row, first : first + len(link.known)]
    told = np.array([link.time_ms - shard.base_ms, link.rank], np.int32)
    hidden = _hidden(shard, int(state.I[row, w.VIEWER]), told)
    for word, mask in zip(tables.ATTRIBUTE_WORDS.tolist(), tables.ATTRIBUTE_BITS, strict=True):
        given, mine = link.known & mask, state.I[row, word : word + 2]
        if not given.any() or not counts(*_told_at(told), *_told_at(mine)):
            continue
        mine[:] = told
        if not (hidden & mask).any():
            bits[:] = (bits & ~given) | (link.values & given)


def _show_told(shard: Shard, viewer: int, carried: Carried, told: Bits) -> None:
    """Let a row show what was told live in the place of the traits of its viewer's facts."""
    if shard.state.PEOPLE[viewer, w.P_ATTRIBUTES] < 0:
        return
    tables, first = shard.tables, shard.layout.bits_at
    bits = carried.words[first : first + 2 * len(told)].view(np.uint64)
    for word, mask in zip(tables.ATTRIBUTE_WORDS.tolist(), tables.ATTRIBUTE_BITS, strict=True):
        if carried.words[word] != w.NEVER:
            hidden = _hidden(shard, viewer, carried.words[word : word + 2]) & mask
            bits[:] = (bits & ~hidden) | (told & hidden)


def _told_at(words: Entries) -> tuple[int, int]:
    """The rank and the time of a trait, from its two words of a row."""
    return int(words[1]), int(words[0])


def _hidden(shard: Shard, viewer: int, told: Entries) -> Bits:
    """The atoms of the traits of which the facts of a viewer count more than what was told live."""
    at, n_words = int(shard.state.PEOPLE[viewer, w.P_ATTRIBUTES]), shard.layout.bit_words
    if at < 0:
        return np.zeros(n_words, np.uint64)
    is_early = int(told[0]) + shard.base_ms < int(shard.state.G[w.G_BOUNDARY])
    found: Bits = hiding(shard.state.ATTS[[at], n_words:], told[1:2], np.array([is_early]))[0]
    return found


def _new_row(shard: Shard, viewer: int, room: int) -> int:
    while int(shard.state.G[w.G_FREE]) == 0 and int(shard.state.G[w.G_ROWS]) >= len(shard.state.I):
        shard.grow(w.NEED_ROWS)
    return int(make_row(shard.tables, shard.state, viewer, room))


def _merge_header(shard: Shard, row: int, carried: Carried) -> None:
    state, theirs = shard.state, carried.words
    mine = state.I[row]
    here = int(state.Q[row, shard.tables.M[0]]) & 1
    for word in (w.TIMER_DUE, w.STATE_DUE):
        mine[word] = min(mine[word], theirs[word])
    state.PREV[row] = max(int(state.PREV[row]), carried.previous, _ended_visit(mine, here, carried))
    if here and carried.present:
        mine[w.VISIT_START] = min(mine[w.VISIT_START], theirs[w.VISIT_START])
    elif carried.present or (not here and theirs[w.VISIT_START] > mine[w.VISIT_START]):
        mine[[w.VISIT_START, w.VISIT_ID]] = theirs[[w.VISIT_START, w.VISIT_ID]]
    if carried.present and not here:
        mine[w.LEAVE_DUE] = theirs[w.LEAVE_DUE]
        state.ONLINE[mine[w.ROOM]] += 1
    elif not here:
        gone = [due for due in (mine[w.LEAVE_DUE], theirs[w.LEAVE_DUE]) if due != w.FAR]
        mine[w.LEAVE_DUE] = max(gone, default=w.FAR)
    _merge_hidden(mine, theirs)
    for word in LATEST:
        mine[word] = max(mine[word], theirs[word])
    for word in CLOCKS:  # a state whose time has passed lasts, if it lasted in either row
        mine[word] = min(mine[word], theirs[word])
    if theirs[w.STREAM_TIME] > mine[w.STREAM_TIME]:
        mine[[w.STREAM, w.STREAM_TIME]] = theirs[[w.STREAM, w.STREAM_TIME]]
    _merge_views(mine, theirs)


def _merge_hidden(mine: Entries, theirs: Entries) -> None:
    """Hidden is what was hidden in either row and not shown in the other after that.

    At equal times theirs stands before mine: what I showed ends what they hid, not the reverse.
    """
    shown_to_me, shown_to_them = int(theirs[w.SHOWN_TIME]), int(mine[w.SHOWN_TIME]) + 1
    lasting = []
    for words, shown in ((mine, shown_to_me), (theirs, shown_to_them)):
        first, last = int(words[w.HIDDEN_FIRST]), int(words[w.HIDDEN_LAST])
        if words[w.HIDDEN] and shown <= last:
            lasting.append((first if shown <= first else last, last))
    mine[w.HIDDEN] = bool(lasting)
    if lasting:
        mine[w.HIDDEN_FIRST] = min(first for first, _ in lasting)
        mine[w.HIDDEN_LAST] = max(last for _, last in lasting)


def _ended_visit(mine: Entries, here: int, carried: Carried) -> int:
    """The end of the visit that the other one makes a previous visit, NEVER_64 without one.

    Two present visits are one. Else the absent viewer's is over; of two that are over, the one that
    began first.
    """
    theirs = carried.words
    if w.NEVER in (mine[w.VISIT_START], theirs[w.VISIT_START]) or (here and carried.present):
        return w.NEVER_64
    mine_stays = here or (not carried.present and mine[w.VISIT_START] >= theirs[w.VISIT_START])
    return int((theirs if mine_stays else mine)[w.LAST_SEEN])


def _merge_views(mine: Entries, theirs: Entries) -> None:
    """Of both, the two products viewed last."""
    views: dict[int, tuple[int, int]] = {}
    for code, *seen in (*_views(mine), *_views(theirs)):
        if code not in views or seen[0] > views[code][0]:
            views[code] = (seen[0], seen[1])
    ranked = sorted(views.items(), key=lambda view: -view[1][0])[:2]
    ranked += [(-1, (w.NEVER, -1))] * (2 - len(ranked))
    mine[[w.VIEW_1, w.VIEW_1_TIME, w.VIEW_1_PAGE]] = [ranked[0][0], *ranked[0][1]]
    mine[[w.VIEW_2, w.VIEW_2_TIME, w.VIEW_2_PAGE]] = [ranked[1][0], *ranked[1][1]]


def _views(words: Entries) -> list[tuple[int, int, int]]:
    """Product, time and page of the two products viewed last, as far as there are any."""
    places = (w.VIEW_1, w.VIEW_1_TIME, w.VIEW_1_PAGE), (w.VIEW_2, w.VIEW_2_TIME, w.VIEW_2_PAGE)
    return [
        (int(words[product]), int(words[time]), int(words[page]))
        for product, time, page in places
        if words[product] >= 0
    ]


def _times_in_row(layout: Layout) -> list[tuple[int, int]]:
    return [
        (layout.offset_of[slot.id], slot.need)
        for slot in layout.program.slots
        if slot.kind is SlotKind.TIMES
    ]


def _merge_edges(shard: Shard, row: int, carried: Carried) -> None:
    """First and last events: the earlier or the later of the two."""
    state, layout = shard.state, shard.layout
    for slot in layout.program.slots:
        if slot.kind is not SlotKind.EDGE:
            continue
        off = layout.offset_of[slot.id]
        ours, theirs = int(state.I[row, off]), int(carried.words[off])
        take = theirs != w.NEVER and (
            ours == w.NEVER or (theirs > ours if slot.last else theirs <= ours)
        )
        if take:
            state.I[row, off : off + 4] = carried.words[off : off + 4]


def _merged(ours: Entries, theirs: Entries, cap: int, kind: SlotKind) -> Entries:
    """Two lists as one, newest first; `cap` of each key where they are keyed."""
    both = np.concatenate([ours, theirs])
    both = both[np.argsort(-both[:, 0], kind="stable")]
    if kind in {SlotKind.RECENT, SlotKind.GROUPED}:
        _, first = np.unique(both[:, 1:], axis=0, return_index=True)  # a product, or with category
        both = both[np.sort(first)]
    if kind is SlotKind.PANES and len(both):
        ends, place = np.unique(both[:, 0], return_inverse=True)
        counts = np.bincount(place, weights=both[:, 1]).astype(np.int32)
        both = np.stack([ends, counts], axis=1)[::-1]
    elif kind in KEY_COLUMN:
        keys = both[:, KEY_COLUMN[kind]]
        newer = np.tril(keys[:, None] == keys, -1).sum(axis=1)
        both, cap = both[np.isin(keys, _newest(keys)) & (newer < cap)], len(both)
    elif kind is SlotKind.PENDING:
        ends = both[:, w.N_ENDS :]
        ends[np.cumsum(ends != w.NEVER, axis=0) > INSTANCES] = w.NEVER
        both = both[(ends != w.NEVER).any(axis=1)]
    elif kind in TOTALS:
        both = _added(ours, theirs[theirs[:, 0] != w.FAR])  # the facts are those of the known one
    return np.ascontiguousarray(both[:cap], dtype=np.int32)


def _newest(keys: Entries) -> Entries:
    """The eight keys seen last, of entries newest first."""
    unique, first = np.unique(keys, return_index=True)
    return unique[np.argsort(first)][:KEYS_KEPT]


def _added(ours: Entries, theirs: Entries) -> Entries:
    """Totals of both by quarter of an hour, newest first."""
    both = np.concatenate([ours, theirs])
    amounts = (both[:, 2].astype(np.int64) << 32) | (both[:, 1].astype(np.int64) & 0xFFFFFFFF)
    ends, place = np.unique(both[:, 0], return_inverse=True)
    totals = np.zeros(len(ends), np.int64)
    np.add.at(totals, place, amounts)
    low = (totals & 0xFFFFFFFF).astype(np.uint32).view(np.int32)
    return np.stack([ends, low, (totals >> 32).astype(np.int32)], axis=1)[::-1]


def _focus(ours: Entries, theirs: Entries) -> None:
    """One page in focus: a view ends where the other viewer's newer one took its page."""
    for mine in ours:
        for other in theirs:
            if mine[w.N_PAGE] == other[w.N_PAGE] and mine[w.N_KEY] != other[w.N_KEY]:
                older, newer = (mine, other) if other[w.N_TIME] > mine[w.N_TIME] else (other, mine)
                ends = older[w.N_ENDS :]
                both_wait = (ends != w.NEVER) & (newer[w.N_ENDS :] != w.NEVER)
                ends[both_wait] = np.minimum(ends, newer[w.N_TIME])[both_wait]


def _lose_focus(entries: Entries, views: list[tuple[int, int, int]], at_once: int) -> None:
    """The same for views that wait for nothing any more, of which the header knows the last two.

    `at_once` is 1 if one of them at the time of an entry stands after it.
    """
    for one in entries:
        for product, time, page in views:
            is_newer = time + at_once > one[w.N_TIME]
            if is_newer and page == one[w.N_PAGE] and product != one[w.N_KEY]:
                ends = one[w.N_ENDS :]
                ends[ends != w.NEVER] = np.minimum(ends, time)[ends != w.NEVER]


def _store(shard: Shard, row: int, off: int, width: int, entries: Entries) -> None:
    """Write a list into the arena in a block of its own."""
    state = shard.state
    if not len(entries):
        state.I[row, off + 1] = (int(state.I[row, off + 1]) >> w.CLASS_AT) << w.CLASS_AT
        return
    size_class = 0
    while len(entries) * width > 16 << size_class:
        size_class += 1
    while int(state.G[w.G_ARENA]) + (16 << size_class) + int(shard.tables.M[9]) > len(state.AR):
        shard.grow(w.NEED_ARENA)
        state = shard.state
    at = int(state.G[w.G_ARENA])
    state.G[w.G_ARENA] = at + (16 << size_class)
    state.AR[at : at + entries.size] = entries.ravel()
    old, meta = int(state.I[row, off]), int(state.I[row, off + 1])
    if old:
        state.AR[old] = state.FREE[meta >> w.CLASS_AT]
        state.FREE[meta >> w.CLASS_AT] = old
    state.I[row, off : off + 2] = (at, len(entries) | size_class << w.CLASS_AT)


def _merge_streams(source: Shard, target: Shard, anonymous: int, known: int) -> None:
    """The client goes on numbering: its streams are the known viewer's now."""
    for key, newest, gaps in reversed(_streams(source, anonymous)):
        shard = target
        while int(shard.state.G[w.G_STREAMS]) + 2 > len(shard.state.STREAMS) or int(
            shard.state.G[w.G_GAPS]
        ) + 2 * GAPS_KEPT > len(shard.state.GLO):
            shard.state = with_streams(shard.state)
        state = shard.state
        if any(known_key == key for known_key, _, _ in _streams(shard, known)):
            continue
        at = int(state.G[w.G_STREAMS])
        head = -1
        for low, high in reversed(gaps):
            gap = int(state.G[w.G_GAPS])
            state.G[w.G_GAPS] = gap + 1
            state.GLO[gap], state.GHI[gap], state.GNEXT[gap] = low, high, head
            head = gap
        person = state.PEOPLE[known, w.P_STREAM :]
        following = int(person[w.R_NEXT])
        if person[w.R_KEY] != 0:
            state.STREAMS[at] = person
            following = at
            state.G[w.G_STREAMS] = at + 1
        person[:] = (key, newest, following, head)
    _bound_streams(target, known)
    source.state.PEOPLE[anonymous, w.P_STREAM :] = (0, 0, -1, -1)


def _merge_messages(source: Shard, target: Shard, anonymous: int, known: int) -> None:
    """Messages of the linked id stay under its own hash; the known viewer looks there, too."""
    last = known
    while target.state.PEOPLE[last, w.P_LINK] >= 0:
        last = int(target.state.PEOPLE[last, w.P_LINK])
    target.state.PEOPLE[last, w.P_LINK] = anonymous
    if source is target:
        return
    used = source.state.MK != 0
    keys, times = source.state.MK[used], source.state.MT[used]
    while (int(target.state.G[w.G_MESSAGES]) + len(keys) + 2) * 2 > len(target.state.MK):
        target.regrow_messages(2 * len(target.state.MK))
    refill_messages(target.state, keys, times)


def _bound_streams(shard: Shard, viewer: int) -> None:
    at, count = int(shard.state.PEOPLE[viewer, w.P_STREAM + w.R_NEXT]), 2
    while at >= 0:
        if count == STREAMS_KEPT:
            shard.state.STREAMS[at, w.R_NEXT] = -1
        at, count = int(shard.state.STREAMS[at, w.R_NEXT]), count + 1


def _streams(shard: Shard, viewer: int) -> list[tuple[int, int, list[tuple[int, int]]]]:
    state = shard.state
    found = []
    record = state.PEOPLE[viewer, w.P_STREAM :]
    while record[w.R_KEY] != 0:
        gaps, gap = [], int(record[w.R_GAP])
        while gap >= 0:
            gaps.append((int(state.GLO[gap]), int(state.GHI[gap])))
            gap = int(state.GNEXT[gap])
        found.append((int(record[w.R_KEY]), int(record[w.R_NEWEST]), gaps))
        if record[w.R_NEXT] < 0:
            break
        record = state.STREAMS[record[w.R_NEXT]]
    return found


def _merge_once(source: Shard, target: Shard, anonymous: int, known: int) -> None:
    old: Any = source.state
    mine = (old.ONCE[:, WHO] & VIEWER_MASK) == anonymous + 1
    if not mine.any():
        return
    entries = old.ONCE[mine]
    entries[:, WHO] += known - anonymous
    source.regrow_once(len(old.ONCE), ~mine)
    while (int(target.state.G[w.G_ONCE]) + len(entries) + 4_096) * 2 > len(target.state.ONCE):
        target.regrow_once(2 * len(target.state.ONCE))
    refill(target.state, entries)
