"""What stays of a viewer's row when the definitions change, and where it goes.

Slots, bits and once-sets of what stays keep their content; new slots are empty and count from now.
`engine/edit.py` does it, row by row.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from qianmian.columns.batch import MISSING
from qianmian.engine import words as w
from qianmian.engine.layout import WIDTH, Layout, signature
from qianmian.engine.predicates import COMPARE
from qianmian.language.ast import Field
from qianmian.language.program import Atom, Slot, SlotKind

EDGES = {SlotKind.EDGE, SlotKind.ROOM_EDGE}
Int32 = npt.NDArray[np.int32]


class Refit(NamedTuple):
    """Instances whose family has other members now: (word, width) before and after.

    `places[k]` is where member word k of the new family stood in the old one, 0 if it did not.
    """

    before: tuple[int, int]
    after: tuple[int, int]
    places: Int32


class Compared(NamedTuple):
    """A kept first or last amount, at this word, that is compared with another number now."""

    word: int
    cmp: str
    value: Any


class Moves(NamedTuple):
    """What stays of a row.

    Attributes:
        runs: words (from, to, how many).
        places: atoms (from, to), as bits counted from the beginning of the row.
        refits: families that lost members.
        dropped: words of the old row whose lists nobody uses any more.
        compared: what is judged again.

    Shapes: runs int32[n, 3], places int64[n, 2]
    """

    runs: Int32
    places: npt.NDArray[np.int64]
    refits: list[Refit]
    dropped: list[int]
    compared: list[Compared]


def moves_of(before: Layout, after: Layout) -> Moves:
    """What stays from one layout to the next."""
    kept, refits, lost = _families(before, after)
    runs = [*kept, *_slots(before, after)]
    return Moves(
        runs=np.array(runs, np.int32).reshape(-1, 3),
        places=_atoms(before, after),
        refits=refits,
        dropped=[*lost, *_dropped(before, after)],
        compared=list(_compared(after)),
    )


def _slots(before: Layout, after: Layout) -> Iterator[tuple[int, int, int]]:
    """Slots, and the times and ranks of traits."""
    places = {place_of(slot): slot for slot in before.program.slots}
    for slot in after.program.slots:
        old = places.get(place_of(slot))
        if old is not None and slot.id in after.offset_of:
            n = min(before.words_of(old), after.words_of(slot))
            yield before.offset_of[old.id], after.offset_of[slot.id], n
    for name, word in after.attribute_words.items():
        if name in before.attribute_words:
            yield before.attribute_words[name], word, 2


def _families(
    before: Layout, after: Layout
) -> tuple[list[tuple[int, int, int]], list[Refit], list[int]]:
    """Instances of members that stay, those of families with other members, and lists to drop."""
    runs: list[tuple[int, int, int]] = []
    refits: list[Refit] = []
    given: set[int] = set()
    for family, at in zip(after.families, after.family_at, strict=True):
        wanted = [signature(slot) for slot in family.members]
        for old, old_at in zip(before.families, before.family_at, strict=True):
            there = [signature(slot) for slot in old.members]
            if not set(wanted) & set(there):
                continue
            taken = {to for _, to, _ in runs}
            if family.is_view and old_at + 2 not in given and at + 2 not in taken:
                runs.append((old_at + 2, at + 2, 2))
                given.add(old_at + 2)
            if wanted == there:
                runs.append((old_at, at, 2))
                given.add(old_at)
                continue
            places = np.zeros(family.width, np.int32)
            for k, one in enumerate(wanted, w.N_ENDS):
                places[k] = w.N_ENDS + there.index(one) if one in there else 0
            refits.append(Refit((old_at, old.width), (at, family.width), places))
    lists = [
        off
        for old, old_at in zip(before.families, before.family_at, strict=True)
        for off in ((old_at, old_at + 2) if old.is_view else (old_at,))
    ]
    return runs, refits, [off for off in lists if off not in given]


def place_of(slot: Slot) -> tuple[object, ...]:
    """What a slot keeps; of the amount of a first or last event, whatever it is compared with."""
    if slot.kind in EDGES and isinstance(slot.predicate, Field):
        if slot.predicate.name in {"amount", "price"} and slot.predicate.cmp in COMPARE:
            return (slot.kind, slot.of, slot.last, slot.predicate.name, slot.since)
    return signature(slot)


def _compared(after: Layout) -> Iterator[Compared]:
    for slot in after.program.slots:
        predicate = slot.predicate
        in_row = slot.id in after.offset_of
        if in_row and place_of(slot) != signature(slot) and isinstance(predicate, Field):
            yield Compared(after.offset_of[slot.id], predicate.cmp, predicate.value)


def compare_again(words: Int32, rows: npt.NDArray[np.int64], compared: list[Compared]) -> None:
    """First and last amounts of these rows are compared with the number of now."""
    for off, cmp, value in compared:
        time, high, low = words[rows, off], words[rows, off + 3], words[rows, off + 2]
        amount = (high.astype(np.int64) << 32) | (low.astype(np.int64) & 0xFFFFFFFF)
        holds = (amount != MISSING) & COMPARE[cmp](amount, value)
        words[rows, off + 1] = (time != w.NEVER) & holds


def _dropped(before: Layout, after: Layout) -> Iterator[int]:
    """The lists of slots that no definition uses any more."""
    kept = {signature(slot) for slot in after.program.slots}
    for slot in before.program.slots:
        is_list = slot.kind in WIDTH or (slot.kind is SlotKind.PENDING and slot.second is not None)
        if is_list and signature(slot) not in kept:
            yield before.offset_of[slot.id]


def room_slots(times: npt.NDArray[np.int64], before: Layout, after: Layout) -> npt.NDArray[Any]:
    """The slots of rooms under the new layout."""
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
        if old[1] != signature(slot) and isinstance(slot.predicate, Field):
            number = kept[:, 1, 0]  # see `room_slots.keep_edge`
            holds = COMPARE[slot.predicate.cmp](number, slot.predicate.value)
            known = kept[:, 0, 0] != w.NO_ENTRY
            kept[known, 0, 0] = ((number != MISSING) & holds)[known]
    return fresh


def _identity(atom: Atom) -> tuple[Any, ...]:
    slot = None if atom.slot is None else signature(atom.slot)
    place = atom.bit if slot is None and atom.kind.name == "FIXED" else -1
    return (atom.kind, slot, atom.window_ms, atom.rank, atom.wait_ms, atom.attribute, place)


def _atoms(before: Layout, after: Layout) -> npt.NDArray[np.int64]:
    """Atoms that stay keep their value; `adopt` works out the rest."""
    old = {_identity(atom): before.bit_of[atom.bit] for atom in before.program.atoms}
    pairs = [
        (before.bits_at * 32 + old[_identity(atom)], after.bits_at * 32 + after.bit_of[atom.bit])
        for atom in after.program.atoms
        if _identity(atom) in old
    ]
    return np.array(pairs, np.int64).reshape(-1, 2)


def new_bits(before: Layout, after: Layout) -> npt.NDArray[np.uint64]:
    """The bits of atoms that were not there before: only those are answered from the profile."""
    known = {_identity(atom) for atom in before.program.atoms}
    mask = np.zeros(after.bit_words, np.uint64)
    for atom in after.program.atoms:
        if _identity(atom) not in known:
            bit = after.bit_of[atom.bit]
            mask[bit >> 6] |= np.uint64(1) << np.uint64(bit & 63)
    return mask
