"""How large a segment is before it is used, and what each of its conditions leaves of everybody.

One pass over all viewers gives every number, and says of those who are shown what holds of them.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from sqlglot import exp

from qianmian.language.ast import And, Node, conditions_of
from qianmian.storage.history_reader.answers import (
    NOTHING,
    Definitions,
    Overlap,
    Preview,
    Sample,
    Step,
)
from qianmian.storage.history_reader.levels import PERSON, Asking
from qianmian.storage.history_reader.reader import HistoryReader
from qianmian.storage.history_reader.terms import Sql, among, column, every, function, named
from qianmian.vocabulary.channels import CHANNELS

SAMPLES: Final = 20
_SECOND: Final = 1_000
_IDS: Final = 1 << 31  # more numbers than there are viewers
_BITS: Final = 30  # truths in one number


def preview(
    reader: HistoryReader,
    expr: Node,
    now_ms: int,
    *,
    room: str | None = None,
    definitions: Definitions = NOTHING,
    overlap_with: Mapping[str, Node] | None = None,
    samples: int = SAMPLES,
    tag: str | None = None,
    named_if: Node | None = None,
) -> Preview:
    """The numbers of a level at an instant.

    Args:
        overlap_with: other segments by key.
        tag: whose level it is: who took that tag away is not counted.
        named_if: whom it holds for may be among the samples; who is counted does not depend on it.

    Raises: as `HistoryReader.viewers_of`.
    Cost: for a million viewers, warm, about 20 ms, and for each condition about behavior what it
        takes to look at the events of its window; see docs/benchmarks.md.
    """
    others = {} if overlap_with is None else dict(overlap_with)
    asked = [expr, *others.values(), *([] if named_if is None else [named_if])]
    asking = reader.asking(asked, now_ms, room=room, definitions=definitions)
    conditions = expr.parts if isinstance(expr, And) else (expr,)
    parts = tuple(conditions_of(expr))
    numbers = _Numbers(asking, conditions, others, parts, tag, named_if)
    (found,) = reader.database.run(numbers.query(samples), asking.bound.values)
    counted = numbers.read(found)
    return Preview(
        as_of=min(now_ms, reader.warm.clock),
        total=counted.total,
        count=counted.left[-1],
        steps=tuple(
            Step(one, alone, left, counted.inside.get(k, ()))
            for k, (one, alone, left) in enumerate(
                zip(conditions, counted.alone, counted.left, strict=True)
            )
        ),
        overlaps=tuple(
            Overlap(*one) for one in zip(others, counted.sizes, counted.both, strict=True)
        ),
        parts=parts,
        samples=_samples(reader, counted),
        reach=dict(zip(CHANNELS, counted.reach, strict=True)),
    )


@dataclass(frozen=True, slots=True)
class _Numbers:
    """The query of all numbers: conditions as columns of each viewer, then counted."""

    asking: Asking
    conditions: Sequence[Node]
    others: Mapping[str, Node]
    parts: Sequence[Node]
    tag: str | None
    named_if: Node | None

    def query(self, samples: int) -> exp.Select:
        truths = [self.asking.truth(one) for one in self.conditions]
        if self.tag is not None:
            truths = [self.asking.unless_withheld(one, self.tag) for one in truths]
        elsewhere = [self.asking.truth(one) for one in self.others.values()]
        shown = [column(name, PERSON) for name in ("id", "last_seen", "reach")]
        shown += [named(one, f"c{k}") for k, one in enumerate(truths)]
        shown += [named(one, f"o{k}") for k, one in enumerate(elsewhere)]
        inner = [one for one in self.parts if one not in self.conditions]
        shown += [named(self.asking.truth(one), f"p{k}") for k, one in enumerate(inner)]
        if self.named_if is not None:
            shown.append(named(self.asking.truth(self.named_if), "named"))
        held = self.asking.people(shown).subquery("held", copy=False)
        mine = [column(f"c{k}", "held") for k in range(len(truths))]
        theirs = [column(f"o{k}", "held") for k in range(len(elsewhere))]
        whole = every(mine)
        counts: list[Sql] = [exp.Count(this=exp.Star())]
        counts += [_count(one) for one in mine]
        counts += [_count(every(mine[: k + 1])) for k in range(len(mine))]
        counts += [_count(one) for one in theirs]
        counts += [_count(every([whole, one])) for one in theirs]
        counts += [_count(every([whole, _reached(k)])) for k in range(len(CHANNELS))]
        for place, one in self._inside(inner):
            counts += [_count(one), _count(every([*mine[:place], one]))]
        kept = [column("id", "held")]
        kept += [_packed(several) for several in _split(self._columns_of_parts(inner))]
        listed = whole if self.named_if is None else every([whole, column("named", "held")])
        for one in kept:
            newest = function("arg_max", one, _recent(), self.asking.bound(samples))
            counts.append(exp.Filter(this=newest, expression=exp.Where(this=listed.copy())))
        return exp.select(*counts, copy=False).from_(held, copy=False)

    def _made_of(self) -> list[tuple[int, Node]]:
        """The parts of conditions that have some, each with the place of its condition."""
        return [
            (place, part)
            for place, one in enumerate(self.conditions)
            for part in conditions_of(one)
            if part is not one
        ]

    def _inside(self, inner: Sequence[Node]) -> Iterator[tuple[int, Sql]]:
        columns = dict(zip(self.parts, self._columns_of_parts(inner), strict=True))
        return ((place, columns[part].copy()) for place, part in self._made_of())

    def _columns_of_parts(self, inner: Sequence[Node]) -> list[Sql]:
        """Where each part is held: as a condition, or beside them."""
        return [
            column(f"c{self.conditions.index(one)}", "held")
            if one in self.conditions
            else column(f"p{inner.index(one)}", "held")
            for one in self.parts
        ]

    def read(self, row: Sequence[Any]) -> _Counted:
        """What the columns of the query say."""
        n, m = len(self.conditions), len(self.others)
        made_of = self._made_of()
        edges = list(itertools.accumulate((1, n, n, m, m, len(CHANNELS), 2 * len(made_of))))
        alone, left, sizes, both, reach, numbers = (
            [one or 0 for one in row[a:b]] for a, b in itertools.pairwise(edges)
        )
        ids, *packed = (one or [] for one in row[edges[-1] :])
        holds = [_unpacked(several, len(self.parts)) for several in zip(*packed, strict=True)]
        shown = dict(zip(ids, holds, strict=True))
        inside: dict[int, tuple[Step, ...]] = {}
        for at, (place, part) in enumerate(made_of):
            step = Step(part, numbers[2 * at], numbers[2 * at + 1])
            inside[place] = (*inside.get(place, ()), step)
        return _Counted(row[0], alone, left, sizes, both, reach, inside, shown)


class _Counted(NamedTuple):
    """The numbers of the query, and what holds of those who are shown, by their number."""

    total: int
    alone: list[int]
    left: list[int]
    sizes: list[int]
    both: list[int]
    reach: list[int]
    inside: dict[int, tuple[Step, ...]]
    shown: dict[int, tuple[bool, ...]]


def _count(test: Sql) -> Sql:
    return exp.CountIf(this=test.copy())


def _reached(place: int) -> Sql:
    """Whether a channel reaches them."""
    bit = exp.BitwiseAnd(this=column("reach", "held"), expression=exp.Literal.number(1 << place))
    return exp.NEQ(this=exp.paren(bit), expression=exp.Literal.number(0))


def _recent() -> Sql:
    """Greater for those seen later, to the second; of those of one second for the lesser number."""
    seen = exp.Coalesce(this=column("last_seen", "held"), expressions=[exp.Literal.number(0)])
    seconds = exp.IntDiv(this=seen, expression=exp.Literal.number(_SECOND))
    shifted = exp.Mul(this=seconds, expression=exp.Literal.number(_IDS))
    return exp.Sub(this=shifted, expression=column("id", "held"))


def _split(columns: Sequence[Sql]) -> list[Sequence[Sql]]:
    return [columns[k : k + _BITS] for k in range(0, len(columns), _BITS)]


def _packed(columns: Sequence[Sql]) -> Sql:
    """Some truths as the bits of one number."""
    packed: Sql = exp.Literal.number(0)
    for bit, one in enumerate(columns):
        is_set = exp.If(this=one, true=exp.Literal.number(1 << bit))
        term = exp.Case(ifs=[is_set], default=exp.Literal.number(0))
        packed = exp.Add(this=packed, expression=term)
    return packed


def _unpacked(numbers: Sequence[int], count: int) -> tuple[bool, ...]:
    return tuple(bool(numbers[k // _BITS] >> k % _BITS & 1) for k in range(count))


def _samples(reader: HistoryReader, counted: _Counted) -> tuple[Sample, ...]:
    """Who is shown, in that order."""
    if not counted.shown:
        return ()
    ids = [exp.Literal.number(one) for one in counted.shown]
    query = exp.select("id", "name", "last_seen").from_("person")
    rows = reader.database.run(query.where(among(column("id"), ids)))
    by_id = {id_: (name, last_seen) for id_, name, last_seen in rows}
    return tuple(Sample(*by_id[id_], holds) for id_, holds in counted.shown.items())
