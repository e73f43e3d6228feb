"""What is asked of history and what it answers, as plain values.

These load nothing: whoever shows answers need not load what finds them (see `lazily.py`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

from qianmian.language.ast import Node
from qianmian.vocabulary.channels import Channel


@dataclass(frozen=True, slots=True)
class Definitions:
    """What expressions may name.

    Attributes:
        levels: expression by (family, key); family is "tag" or "segment".
        lists: the viewers of each uploaded list, by key. Whoever asks again hands in the same
            mapping until a list changes; another one is read anew.
    """

    levels: Mapping[tuple[str, str], Node] = field(default_factory=dict)
    lists: Mapping[str, Collection[str]] = field(default_factory=dict)


NOTHING: Final = Definitions()


@dataclass(frozen=True, slots=True)
class Step:
    """One of the conditions that must all hold.

    Attributes:
        condition: as it stands in the expression.
        alone: viewers for whom it holds, whatever else.
        left: viewers for whom it and all before it hold.
        parts: what it is made of by `and` and `or`, each with those for whom it and all conditions
            before this one hold; empty where it has no parts.
    """

    condition: Node
    alone: int
    left: int
    parts: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Overlap:
    """How many of another segment are in this one too."""

    key: str
    size: int
    both: int


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Another segment whose overlap history cannot say, and the `reason` of its NotInHistory."""

    key: str
    reason: str


@dataclass(frozen=True, slots=True)
class Sample:
    """Somebody in the segment; `holds` says of each of the preview's parts whether it holds."""

    viewer: str
    last_seen: int | None
    holds: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """A segment in numbers.

    Attributes:
        as_of: what arrived after that clock is not in the numbers; ms UTC.
        total: all viewers.
        count: those in the segment.
        steps: what each condition leaves, in the order of the expression.
        parts: the conditions that make it up, without `and` and `or` around them: what a sample
            has or has not.
        samples: those seen last first.
        reach: how many of those in the segment may be spoken to, by kind of channel, as of the
            newest message.
        left_out: other segments that were asked about and cannot be said.
    """

    as_of: int
    total: int
    count: int
    steps: tuple[Step, ...]
    overlaps: tuple[Overlap, ...]
    parts: tuple[Node, ...]
    samples: tuple[Sample, ...]
    reach: Mapping[Channel, int] = field(default_factory=dict)
    left_out: tuple[LeftOut, ...] = ()

    @property
    def empty_at(self) -> int | None:
        """The place of the condition that leaves nobody, None when somebody is left.

        It is always false for those before it; with `alone` 0 it is so for everybody.
        """
        emptied = (k for k, step in enumerate(self.steps) if not step.left)
        return next(emptied, None) if self.total else None


@dataclass(frozen=True, slots=True)
class Share:
    """Of how many viewers a tag holds, and of how many there is not enough evidence to say no."""

    total: int
    yes: int
    unknown: int

    @property
    def no(self) -> int:
        """Of how many it does not hold, and that is known."""
        return self.total - self.yes - self.unknown


@dataclass(frozen=True, slots=True)
class Distribution:
    """How a tag divides everybody, and each of some groups by name; `as_of` as of a preview."""

    as_of: int
    everybody: Share
    groups: Mapping[str, Share]


@dataclass(frozen=True, slots=True)
class TagAsked:
    """A tag, and where it could hold if what is unknown were known (`language/evidence.py`)."""

    expr: Node
    perhaps: Node
