"""Predicates on single events, for a whole batch at once: one look per distinct string."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from qianmian.columns.batch import MISSING, StringColumn
from qianmian.columns.dictionary import Dictionary
from qianmian.errors import TypeProblem
from qianmian.language import ast
from qianmian.vocabulary.text_classes import TEXT_CLASSES
from qianmian.vocabulary.time import DAY_MS
from qianmian.vocabulary.zones import SHOP_ZONE, changes_of

Bool = npt.NDArray[np.bool_]
COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}

APPLIED_AT = "applied_at"
"""Among the numbers: where each event stands in time, ms UTC; a late order at the watermark."""

Answers = dict[tuple[str, object], Bool]
"""By (comparison, value), whether each name of a dictionary compares so; False at the end."""


class Coded(NamedTuple):
    """A column of global codes, and what was found of their names so far."""

    codes: npt.NDArray[np.int32]
    names: Dictionary
    answers: Answers

    def compared(self, cmp: str, value: object) -> Bool:
        """Which rows have a name that compares so; a row without a name has none."""
        known = self.answers.get((cmp, value), _NONE)
        if len(known) <= len(self.names):
            fresh = self.names.values(range(len(known) - 1, len(self.names)))
            told = np.array([compare(name, cmp, value) for name in fresh], bool)
            known = self.answers[cmp, value] = np.concatenate([known[:-1], told, _NONE])
        found: Bool = known[self.codes]
        return found


_NONE: Bool = np.zeros(1, bool)  # where code -1 looks


def holds(
    where: ast.Node,
    n: int,
    strings: Mapping[str, StringColumn | Coded],
    numbers: Mapping[str, npt.NDArray[np.int64]],
) -> Bool:
    """Which of `n` events satisfy the predicate; an absent field satisfies none.

    Shapes: -> bool[n]
    Cost: O(n) per field, and one string comparison per distinct value.
    """
    match where:
        case ast.And(parts):
            every: Bool = np.logical_and.reduce([holds(p, n, strings, numbers) for p in parts])
            return every
        case ast.Or(parts):
            some: Bool = np.logical_or.reduce([holds(p, n, strings, numbers) for p in parts])
            return some
        case ast.Not(part):
            return ~holds(part, n, strings, numbers)
        case ast.Hour(begin, end, zone):
            return _between(numbers[APPLIED_AT], begin, end, zone or SHOP_ZONE)
        case ast.Field("class", "has", value):
            classes = numbers.get("classes")
            if classes is None or value not in TEXT_CLASSES:
                return np.zeros(n, bool)
            bit = np.int64(1 << TEXT_CLASSES.index(str(value)))
            in_class: Bool = (classes != MISSING) & (classes & bit != 0)
            return in_class
        case ast.Field(name, cmp, value):
            if name in numbers:
                return _numbers(numbers[name], cmp, value)
            column = strings.get(name)
            if column is None:
                return np.zeros(n, bool)
            if isinstance(column, Coded):
                return column.compared(cmp, value)
            table = np.array([*(compare(text, cmp, value) for text in column.values), False], bool)
            return table[column.codes]
    raise TypeProblem(f"{type(where).__name__} is not a predicate on an event")


def _between(at_ms: npt.NDArray[np.int64], begin_ms: int, end_ms: int, zone: str) -> Bool:
    """Which instants have a time of day in [begin, end), which may go over midnight."""
    since, offsets = changes_of(zone)
    place = np.maximum(np.searchsorted(since, at_ms, side="right") - 1, 0)
    time = (at_ms + np.array(offsets)[place]) % DAY_MS
    after, before = time >= begin_ms, time < end_ms
    found: Bool = after & before if begin_ms < end_ms else after | before
    return found


def compare(value: object, cmp: str, wanted: object) -> bool:
    """One comparison of a known value; of a value of another type nothing holds, not even `!=`."""
    if cmp == "in":
        return isinstance(wanted, tuple) and any(compare(value, "==", one) for one in wanted)
    if cmp == "contains":
        return isinstance(value, str) and str(wanted) in value
    if cmp == "starts_with":
        return isinstance(value, str) and value.startswith(str(wanted))
    return _type_of(value) is _type_of(wanted) and bool(COMPARE[cmp](value, wanted))


def _type_of(value: object) -> type:
    """Text, yes or no, or a number, of whichever width."""
    return str if isinstance(value, str) else bool if isinstance(value, bool) else float


def _numbers(column: npt.NDArray[np.int64], cmp: str, value: object) -> Bool:
    present = column != MISSING
    if cmp == "in":
        true = np.isin(column, [v for v in _tuple(value) if isinstance(v, int)])
    elif isinstance(value, int | float):
        true = COMPARE[cmp](column, value)
    else:
        true = np.zeros(len(column), bool)
    found: Bool = present & true
    return found


def _tuple(value: object) -> tuple[object, ...]:
    return value if isinstance(value, tuple) else (value,)
