"""How large a segment is before it is used, and what each of its conditions leaves of everybody.

Two queries: one pass over all viewers for every number, and one over the few that are shown.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from sqlglot import exp

from qianmian.language.ast import And, Node, Or
from qianmian.storage.history_reader.levels import PERSON, Asking, Definitions
from qianmian.storage.history_reader.reader import NOTHING, HistoryReader
from qianmian.storage.history_reader.terms import Sql, column, every, function, named

SAMPLES: Final = 20
_SECOND: Final = 1_000
_IDS: Final = 1 << 31  # more numbers than there are viewers


@dataclass(frozen=True, slots=True)
class Step:
    """One of the conditions that must all hold.

    Attributes:
        condition: as it stands in the expression.
        alone: viewers for whom it holds, whatever else.
        left: viewers for whom it and all before it hold.
    """

    condition: Node
    alone: int
    left: int


@dataclass(frozen=True, slots=True)
class Overlap:
    """How many of another segment are in this one too."""

    key: str
    size: int
    both: int


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
    """

    as_of: int
    total: int
    count: int
    steps: tuple[Step, ...]
    overlaps: tuple[Overlap, ...]
    parts: tuple[Node, ...]
    samples: tuple[Sample, ...]

    @property
    def empty_at(self) -> int | None:
        """The place of the condition that leaves nobody, None when somebody is left.

        It is always false for those before it; with `alone` 0 it is so for everybody.
        """
        emptied = (k for k, step in enumerate(self.steps) if not step.left)
        return next(emptied, None) if self.total else None


def preview(
    reader: HistoryReader,
    expr: Node,
    now_ms: int,
    *,
    room: str | None = None,
    definitions: Definitions = NOTHING,
    overlap_with: Mapping[str, Node] | None = None,
    samples: int = SAMPLES,
) -> Preview:
    """The numbers of a level at an instant.

    Args:
        overlap_with: other segments by key.

    Raises: as `HistoryReader.viewers_of`.
    Cost: for a million viewers, warm, about 20 ms, and for each condition about behavior what it
        takes to look at the events of its window; see docs/benchmarks.md.
    """
    others = {} if overlap_with is None else dict(overlap_with)
    asking = reader.asking([expr, *others.values()], now_ms, room=room, definitions=definitions)
    conditions = expr.parts if isinstance(expr, And) else (expr,)
    numbers = _Numbers(asking, conditions, others)
    (found,) = reader.database.run(numbers.query(samples), asking.bound.values)
    counted = numbers.read(found)
    parts = tuple(_parts(expr))
    again = reader.question(now_ms, room=room, definitions=definitions)
    shown = _samples(reader, again, parts, counted.ids)
    return Preview(
        as_of=min(now_ms, reader.warm.clock),
        total=counted.total,
        count=counted.left[-1],
        steps=tuple(
            Step(*one) for one in zip(conditions, counted.alone, counted.left, strict=True)
        ),
        overlaps=tuple(
            Overlap(*one) for one in zip(others, counted.sizes, counted.both, strict=True)
        ),
        parts=parts,
        samples=shown,
    )


@dataclass(frozen=True, slots=True)
class _Numbers:
    """The query of all numbers: conditions as columns of each viewer, then counted."""

    asking: Asking
    conditions: Sequence[Node]
    others: Mapping[str, Node]

    def query(self, samples: int) -> exp.Select:
        truths = [self.asking.truth(one) for one in self.conditions]
        elsewhere = [self.asking.truth(one) for one in self.others.values()]
        shown = [column("id", PERSON), column("last_seen", PERSON)]
        shown += [named(one, f"c{k}") for k, one in enumerate(truths)]
        shown += [named(one, f"o{k}") for k, one in enumerate(elsewhere)]
        held = self.asking.people(shown).subquery("held")
        mine = [column(f"c{k}", "held") for k in range(len(truths))]
        theirs = [column(f"o{k}", "held") for k in range(len(elsewhere))]
        whole = every(mine)
        counts: list[Sql] = [exp.Count(this=exp.Star())]
        counts += [_count(one) for one in mine]
        counts += [_count(every(mine[: k + 1])) for k in range(len(mine))]
        counts += [_count(one) for one in theirs]
        counts += [_count(every([whole, one])) for one in theirs]
        newest = function("arg_max", column("id", "held"), _recent(), self.asking.bound(samples))
        counts.append(exp.Filter(this=newest, expression=exp.Where(this=whole.copy())))
        return exp.select(*counts).from_(held)

    def read(self, row: Sequence[Any]) -> _Counted:
        """What the columns of the query say."""
        n, m = len(self.conditions), len(self.others)
        edges = itertools.accumulate((1, n, n, m, m))
        alone, left, sizes, both = (
            [one or 0 for one in row[a:b]] for a, b in itertools.pairwise(edges)
        )
        return _Counted(row[0], alone, left, sizes, both, row[-1] or [])


class _Counted(NamedTuple):
    """The numbers of the query, and who is shown."""

    total: int
    alone: list[int]
    left: list[int]
    sizes: list[int]
    both: list[int]
    ids: list[int]


def _count(test: Sql) -> Sql:
    return exp.CountIf(this=test.copy())


def _recent() -> Sql:
    """Greater for those seen later, to the second; of those of one second for the lesser number."""
    seen = exp.Coalesce(this=column("last_seen", "held"), expressions=[exp.Literal.number(0)])
    seconds = exp.IntDiv(this=seen, expression=exp.Literal.number(_SECOND))
    shifted = exp.Mul(this=seconds, expression=exp.Literal.number(_IDS))
    return exp.Sub(this=shifted, expression=column("id", "held"))


def _parts(expr: Node) -> Iterator[Node]:
    """The conditions under `and` and `or`, in the order of the text."""
    if isinstance(expr, And | Or):
        for part in expr.parts:
            yield from _parts(part)
    else:
        yield expr


def _samples(
    reader: HistoryReader,
    asking: Asking,
    parts: Sequence[Node],
    ids: Sequence[int],
) -> tuple[Sample, ...]:
    """Those viewers, in that order, with what holds of them."""
    if not ids:
        return ()
    truths = [asking.truth(one) for one in parts]
    shown = [column(name, PERSON) for name in ("id", "name", "last_seen")]
    query = asking.people([*shown, *truths], ids)
    rows = reader.database.run(query, asking.bound.values)
    by_id = {row[0]: Sample(row[1], row[2], tuple(map(bool, row[3:]))) for row in rows}
    return tuple(by_id[one] for one in ids)
