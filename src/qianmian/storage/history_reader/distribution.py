"""How a tag would divide everybody, and each of some groups: it holds, it does not, nobody knows.

One pass over all viewers gives every number.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sqlglot import exp

from qianmian.language.ast import Node
from qianmian.storage.history_reader.answers import (
    NOTHING,
    Definitions,
    Distribution,
    Share,
)
from qianmian.storage.history_reader.levels import PERSON
from qianmian.storage.history_reader.reader import HistoryReader
from qianmian.storage.history_reader.terms import Sql, column, every, named, opposite

_EVERYBODY: Final = ""


def distribution(
    reader: HistoryReader,
    expr: Node,
    perhaps: Node,
    now_ms: int,
    *,
    definitions: Definitions = NOTHING,
    groups: Mapping[str, Node] | None = None,
    tag: str | None = None,
) -> Distribution:
    """The numbers of a tag at an instant.

    Args:
        perhaps: where it could hold if what is unknown were known (`language/evidence.py`).
        groups: levels by name; whom they count may be of several, or of none.
        tag: its key: for who took it away it does not hold.

    Raises: as `HistoryReader.viewers_of`.
    Cost: as a preview with one condition for each group.
    """
    asked = {} if groups is None else dict(groups)
    asking = reader.asking([expr, perhaps, *asked.values()], now_ms, definitions=definitions)
    holds, could = asking.truth(expr), asking.truth(perhaps)
    if tag is not None:
        holds, could = (asking.unless_withheld(one, tag) for one in (holds, could))
    shown = [column("id", PERSON), named(holds, "holds"), named(could, "could")]
    shown += [named(asking.truth(one), f"g{k}") for k, one in enumerate(asked.values())]
    held = asking.people(shown).subquery("held", copy=False)
    own, unknown = column("holds", "held"), [column("could", "held"), opposite(_column("holds"))]
    counts: list[Sql] = []
    for within in ([], *([column(f"g{k}", "held")] for k in range(len(asked)))):
        counts.append(_count(within))
        counts.append(_count([*within, own]))
        counts.append(_count([*within, *unknown]))
    (row,) = reader.database.run(
        exp.select(*counts, copy=False).from_(held, copy=False), asking.bound.values
    )
    numbers = [one or 0 for one in row]
    shares = {
        name: Share(*numbers[3 * k : 3 * k + 3]) for k, name in enumerate((_EVERYBODY, *asked))
    }
    return Distribution(min(now_ms, reader.warm.clock), shares.pop(_EVERYBODY), shares)


def _column(name: str) -> Sql:
    return column(name, "held")


def _count(tests: list[Sql]) -> Sql:
    if not tests:
        return exp.Count(this=exp.Star())
    return exp.CountIf(this=every([one.copy() for one in tests]))
