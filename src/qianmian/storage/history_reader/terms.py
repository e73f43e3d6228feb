"""Small pieces of queries, as SQLGlot nodes: no query is ever pasted together from text.

Values stand in a query as named placeholders and travel beside it; names of columns are ours.
What is put together is not copied, as SQLGlot does unless it is told otherwise at every step: that
was half of the time of a question. So a piece stands in one query, and in it where it was put.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from sqlglot import exp

from qianmian.language.relations import Relation

Sql = exp.Expr

_COMPARED: Final[dict[str, type[exp.Binary]]] = {
    "==": exp.EQ,
    "!=": exp.NEQ,
    ">=": exp.GTE,
    "<=": exp.LTE,
    ">": exp.GT,
    "<": exp.LT,
}
TRUE: Final = exp.true()
FALSE: Final = exp.false()


class Bound:
    """The values of one query, each under a name of its own."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}

    def __call__(self, value: Any) -> Sql:
        """What stands in the query for a value."""
        name = f"v{len(self.values)}"
        self.values[name] = value
        return exp.Placeholder(this=name)


def column(name: str, table: str | None = None) -> Sql:
    """A column of ours."""
    return exp.column(name, table=table)


def function(name: str, *arguments: Sql) -> Sql:
    """A function of DuckDB, by its name."""
    return exp.Anonymous(this=name, expressions=list(arguments))


def compared(cmp: str, left: Sql, right: Sql) -> Sql:
    """A comparison; null where a side is."""
    return _COMPARED[cmp](this=left, expression=right)


def known(test: Sql) -> Sql:
    """The test, false where it is null."""
    return exp.Coalesce(this=test, expressions=[FALSE.copy()])


def opposite(test: Sql) -> Sql:
    """Whether the test does not hold: what is null does not.

    Everywhere else null is as good as false, and cheaper to leave alone.
    """
    return exp.not_(known(test), copy=False)


def every(parts: Iterable[Sql]) -> Sql:
    """All of them; true of none."""
    return exp.and_(*parts, copy=False) if (parts := list(parts)) else TRUE.copy()


def some(parts: Iterable[Sql]) -> Sql:
    """Any of them; false of none."""
    return exp.or_(*parts, copy=False) if (parts := list(parts)) else FALSE.copy()


def among(left: Sql, values: Sequence[Sql]) -> Sql:
    """Whether it is one of the values."""
    return exp.In(this=left, expressions=list(values))


def named(expression: Sql, name: str) -> Sql:
    """The expression as a column of that name."""
    return exp.alias_(expression, name, copy=False)


def at_least(cmp: str, value: int, reaches: Callable[[int], Sql]) -> Sql:
    """A comparison of a number that is never negative, by thresholds that it reaches."""
    if cmp in (">=", "<"):
        found = reaches(value)
        return found if cmp == ">=" else opposite(found)
    if cmp in (">", "<="):
        found = reaches(value + 1)
        return found if cmp == ">" else opposite(found)
    equal = every([reaches(value), opposite(reaches(value + 1))])
    return equal if cmp == "==" else opposite(equal)


def key_of(*parts: Relation | str | int | None) -> str:
    """What makes two groups of rows one and the same."""
    return repr(parts)
