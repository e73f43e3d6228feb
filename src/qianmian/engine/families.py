"""Families: what waits after the same A shares its instances, whatever it waits for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from qianmian.engine.instances import MEMBERS
from qianmian.engine.words import N_ENDS
from qianmian.language.program import Slot, SlotKind


class Family(NamedTuple):
    """Pending slots with one A, one key, one meaning of the page and one age."""

    members: tuple[Slot, ...]

    @property
    def is_view(self) -> bool:
        """Whether the instances are views of a page, which other pages and leaving end."""
        return self.members[0].is_view

    @property
    def width(self) -> int:
        """Words of an instance."""
        return N_ENDS + len(self.members)


def families_of(slots: Sequence[Slot]) -> list[Family]:
    """All families, in the order of their first members; a large one is several."""
    found: dict[tuple[object, ...], list[Slot]] = {}
    for slot in slots:
        if slot.kind is SlotKind.PENDING:
            found.setdefault((slot.of, slot.key, slot.is_view, slot.since), []).append(slot)
    return [
        Family(tuple(members[at : at + MEMBERS]))
        for members in found.values()
        for at in range(0, len(members), MEMBERS)
    ]
