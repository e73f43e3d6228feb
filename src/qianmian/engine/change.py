"""A change of definitions on a running shard: new tables, rows laid out anew, nothing compiled.

Slots, bits and once-sets of what stays keep their content; new slots are empty and count from now.
Levels that are true now become true silently: no moment fires from a change. Instances and states
that are already past a new, shorter T do not fire either; they are counted as superseded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from qianmian.columns.batch import MISSING
from qianmian.engine import words as w
from qianmian.engine.instances import refit
from qianmian.engine.layout import WIDTH, Layout, Tables, signature
from qianmian.engine.predicates import COMPARE
from qianmian.engine.prepare import Answer
from qianmian.engine.room_slots import compare_again
from qianmian.engine.rows import adopt, give_back, settle_template
from qianmian.engine.shard import Shard, no_events
from qianmian.engine.state import PULSE_BUFFER, row_block
from qianmian.language.ast import Field
from qianmian.language.program import Atom, Slot, SlotKind

EDGES = {SlotKind.EDGE, SlotKind.ROOM_EDGE}
Answers = Callable[[int], Answer]


def relay(shard: Shard, layout: Layout, tables: Tables, clock_ms: int, answers: Answers) -> int:
    """Give a shard new tables; how many waiting instances were superseded.

    Args:
        answers: what the stored attributes of a viewer decide under the new tables.

    Cost: one pass over the rows (about 1 µs per row), no compilation.
    """
    old, old_layout = shard.state, shard.layout
    rows = len(old.I)
    block = row_block(rows, int(tables.M[8]))
    shard.state = old._replace(
        I=block,
        Q=block.view(np.uint64),
        D=np.zeros(int(tables.M[3]) + 1, np.uint64),
        PB=np.zeros((PULSE_BUFFER + len(tables.TRIG), 2), np.int64),
        RT=_room_slots(old.RT, old_layout, layout),
        ATTS=np.zeros((len(old.ATTS), 2 * int(tables.M[6]) // 64), np.uint64),
        FV=np.zeros((len(old.ATTS), len(tables.TOTALS)), np.int64),
    )
    settle_template(tables, shard.state)
    used = int(old.G[w.G_ROWS])
    block[:used] = tables.TEMPLATE
    block[:used, : w.HEADER] = old.I[:used, : w.HEADER]
    _move_families(shard, old_layout, layout, old.I, used)
    _free_dropped(shard, old_layout, layout, old.I, used)
    for slot_from, slot_to, n in _moves(old_layout, layout):
        block[:used, slot_to : slot_to + n] = old.I[:used, slot_from : slot_from + n]
    _compare_again(shard, layout, used)
    _move_bits(shard, old_layout, layout, old.Q[:used], used)
    shard.layout, shard.tables = layout, tables
    shard.quiet = no_events(int(tables.M[6]) // 64)
    fresh, known = _new_bits(old_layout, layout), old_layout.attribute_words
    asked = {name: word for name, word in layout.attribute_words.items() if name not in known}
    _answer(shard, used, answers, fresh, asked)
    return int(adopt(tables, shard.state, clock_ms - shard.base_ms))


def _moves(before: Layout, after: Layout) -> list[tuple[int, int, int]]:
    """Runs of words (from, to, how many) of the slots and attributes that stay."""
    places = {place_of(slot): slot for slot in before.program.slots}
    found = []
    for slot in after.program.slots:
        old = places.get(place_of(slot))
        if old is not None and slot.id in after.offset_of:
            n = min(before.words_of(old), after.words_of(slot))
            found.append((before.offset_of[old.id], after.offset_of[slot.id], n))
    for name, word in after.attribute_words.items():
        if name in before.attribute_words:
            found.append((before.attribute_words[name], word, 1))
    return found


def _move_families(
    shard: Shard, before: Layout, after: Layout, rows: npt.NDArray[np.int32], used: int
) -> None:
    """Instances of members that stay; a member that is new waits for nothing yet."""
    moved: set[int] = set()
    block = shard.state.I
    for family, at in zip(after.families, after.family_at, strict=True):
        wanted = [signature(slot) for slot in family.members]
        for old, old_at in zip(before.families, before.family_at, strict=True):
            there = [signature(slot) for slot in old.members]
            if not set(wanted) & set(there):
                continue
            if family.is_view and old_at + 2 not in moved and not block[:used, at + 2].any():
                block[:used, at + 2 : at + 4] = rows[:used, old_at + 2 : old_at + 4]
                moved.add(old_at + 2)
            if wanted == there:
                block[:used, at : at + 2] = rows[:used, old_at : old_at + 2]
                moved.add(old_at)
                continue
            places = np.zeros(family.width, np.int32)
            for k, one in enumerate(wanted, w.N_ENDS):
                places[k] = w.N_ENDS + there.index(one) if one in there else 0
            _refit(shard, rows, used, (old_at, old.width), (at, family.width), places)
    for old, old_at in zip(before.families, before.family_at, strict=True):
        for off in (old_at, old_at + 2) if old.is_view else (old_at,):
            if off not in moved:
                give_back(shard.state, rows, used, off)


def _refit(
    shard: Shard,
    rows: npt.NDArray[np.int32],
    used: int,
    before: tuple[int, int],
    after: tuple[int, int],
    places: npt.NDArray[np.int32],
) -> None:
    at = 0
    while at < used:
        at = refit(shard.state, rows, at, used, before, after, places)
        if at < used:
            shard.grow(w.NEED_ARENA)


def place_of(slot: Slot) -> tuple[object, ...]:
    """What a slot keeps; of the amount of a first or last event, whatever it is compared with."""
    if slot.kind in EDGES and isinstance(slot.predicate, Field):
        if slot.predicate.name in {"amount", "price"} and slot.predicate.cmp in COMPARE:
            return (slot.kind, slot.of, slot.last, slot.predicate.name, slot.since)
    return signature(slot)


def _compare_again(shard: Shard, layout: Layout, used: int) -> None:
    """First and last amounts that were kept are compared with the number of now."""
    for slot in layout.program.slots:
        if slot.kind is not SlotKind.EDGE or place_of(slot) == signature(slot):
            continue
        off, predicate = layout.offset_of[slot.id], slot.predicate
        assert isinstance(predicate, Field)  # noqa: S101 — see place_of
        words = shard.state.I[:used]
        amount = (words[:, off + 3].astype(np.int64) << 32) | (
            words[:, off + 2].astype(np.int64) & 0xFFFFFFFF
        )
        holds = (amount != MISSING) & COMPARE[predicate.cmp](amount, predicate.value)
        words[:, off + 1] = (words[:, off] != w.NEVER) & holds


def _free_dropped(
    shard: Shard, before: Layout, after: Layout, rows: npt.NDArray[np.int32], used: int
) -> None:
    """Give back the list blocks of slots that no definition uses any more."""
    kept = {signature(slot) for slot in after.program.slots}
    state = shard.state
    for slot in before.program.slots:
        is_list = slot.kind in WIDTH or (slot.kind is SlotKind.PENDING and slot.second is not None)
        if is_list and signature(slot) not in kept:
            give_back(state, rows, used, before.offset_of[slot.id])


def _room_slots(
    times: npt.NDArray[np.int64], before: Layout, after: Layout
) -> npt.NDArray[np.int64]:
    places = {
        place_of(slot): (before.room_slot_of[slot.id], signature(slot))
        for slot in before.program.slots
        if slot.id in before.room_slot_of
    }
    fresh = np.full((len(times), *after.room_shape, 2), w.NO_ENTRY, np.int64)
    depth = min(times.shape[2], fresh.shape[2])
    for slot in after.program.slots:
        old = places.get(place_of(slot))
        if slot.id not in after.room_slot_of or old is None:
            continue
        kept = fresh[:, after.room_slot_of[slot.id]]
        kept[:, :depth] = times[:, old[0], :depth]
        if old[1] != signature(slot):
            assert isinstance(slot.predicate, Field)  # noqa: S101 — see place_of
            number = kept[:, 1, 0]
            holds = COMPARE[slot.predicate.cmp](number, slot.predicate.value)
            compare_again(kept, (number != MISSING) & holds)
    return fresh


def _identity(atom: Atom) -> tuple[Any, ...]:
    slot = None if atom.slot is None else signature(atom.slot)
    place = atom.bit if slot is None and atom.kind.name == "FIXED" else -1
    return (atom.kind, slot, atom.window_ms, atom.rank, atom.wait_ms, atom.attribute, place)


def _move_bits(
    shard: Shard, before: Layout, after: Layout, old: npt.NDArray[np.uint64], used: int
) -> None:
    """Atoms that stay keep their value; `adopt` works out the rest."""
    places = {_identity(atom): before.bit_of[atom.bit] for atom in before.program.atoms}
    words, first, old_first = shard.state.Q[:used], after.bits_at // 2, before.bits_at // 2
    for atom in after.program.atoms:
        place = places.get(_identity(atom))
        if place is None:
            continue
        bit = after.bit_of[atom.bit]
        values = (old[:, old_first + (place >> 6)] >> np.uint64(place & 63)) & np.uint64(1)
        mask = np.uint64(1) << np.uint64(bit & 63)
        column = words[:, first + (bit >> 6)]
        column &= ~mask
        column |= values << np.uint64(bit & 63)


def _new_bits(before: Layout, after: Layout) -> npt.NDArray[np.uint64]:
    """The bits of atoms that were not there before: only those are answered from the profile."""
    known = {_identity(atom) for atom in before.program.atoms}
    mask = np.zeros(after.bit_words, np.uint64)
    for atom in after.program.atoms:
        if _identity(atom) not in known:
            bit = after.bit_of[atom.bit]
            mask[bit >> 6] |= np.uint64(1) << np.uint64(bit & 63)
    return mask


def _answer(
    shard: Shard,
    used: int,
    answers: Answers,
    fresh: npt.NDArray[np.uint64],
    asked: Mapping[str, int],
) -> None:
    """Write what stored attributes decide about the fresh atoms, for viewers who have any.

    Args:
        asked: the word of each trait that nothing asked for before.
    """
    if not fresh.any():
        return
    first = int(shard.tables.M[0])
    for row in range(used):
        viewer = int(shard.state.I[row, w.VIEWER])
        if viewer < 0:
            continue
        known, values, told_ms = answers(viewer)
        for name in asked.keys() & told_ms.keys():
            shard.state.I[row, asked[name]] = max(told_ms[name] - shard.base_ms, w.NEVER + 1)
        known &= fresh
        if known.any():
            bits = shard.state.Q[row, first : first + len(known)]
            bits[:] = (bits & ~known) | (values & known)
