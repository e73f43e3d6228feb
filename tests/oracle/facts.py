"""Facts as the oracle reads them: plain values of each viewer, days counted back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.oracle.convert import Tree, without_numbers

DAY_MS = 86_400_000


@dataclass(frozen=True)
class OfViewer:
    """What is known of one viewer. `days`: for each column the value by how many days ago."""

    last_seen: int | None = None
    traits: Mapping[str, Any] = field(default_factory=dict)
    scores: Mapping[str, float] = field(default_factory=dict)
    segments: tuple[str, ...] = ()
    days: Mapping[str, Mapping[int, int]] = field(default_factory=dict)
    origins: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Facts:
    """One build. `columns` are those that it carries, for everybody (see `column_of`)."""

    boundary: int
    columns: tuple[str, ...] = ()
    viewers: Mapping[str, OfViewer] = field(default_factory=dict)

    def of(self, viewer: str) -> OfViewer:
        return self.viewers.get(viewer, OfViewer())


def column_of(tree: Tree) -> str:
    """A name of the question without its window and threshold."""
    return f"{tree['op']} {without_numbers(tree['of'])}"
