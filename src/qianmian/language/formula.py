"""Boolean formulas over bits, folded and cut into look-up tables of at most six inputs.

A formula is a bool (a constant), an int (a bit), or a tuple ("not", f) / ("and", f…) / ("or", f…).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from operator import and_, or_
from typing import Final

Formula = bool | int | tuple["str | Formula", ...]

INPUTS = 6
_ALWAYS: Final = (1 << (1 << INPUTS)) - 1
_DIGITS: Final = tuple(
    sum(1 << index for index in range(1 << INPUTS) if index >> digit & 1) for digit in range(INPUTS)
)
"""The table of each digit: in which of the 64 cases it is set."""


def negate(formula: Formula) -> Formula:
    """The opposite, without double negation."""
    if isinstance(formula, bool):
        return not formula
    if isinstance(formula, tuple) and formula[0] == "not":
        return _operand(formula, 1)
    return ("not", formula)


def join(word: str, parts: list[Formula]) -> Formula:
    """`and` or `or` of the parts with constants folded and equal words flattened."""
    absorbing = word == "or"
    flat: list[Formula] = []
    for part in parts:
        if isinstance(part, bool):
            if part == absorbing:
                return absorbing
        elif isinstance(part, tuple) and part[0] == word:
            flat.extend(_operands(part))
        else:
            flat.append(part)
    unique = list(dict.fromkeys(flat))
    if not unique:
        return not absorbing
    return unique[0] if len(unique) == 1 else (word, *unique)


def inputs_of(formula: Formula) -> tuple[int, ...]:
    """The bits a formula reads, in order of first use."""
    seen: dict[int, None] = {}
    stack: list[Formula] = [formula]
    while stack:
        top = stack.pop()
        if isinstance(top, tuple):
            stack.extend(reversed(_operands(top)))
        elif not isinstance(top, bool):
            seen.setdefault(top)
    return tuple(seen)


def table_of(formula: Formula, inputs: tuple[int, ...]) -> int:
    """The 64-bit look-up table over at most six inputs (unused digits repeat).

    All 64 cases at once: an input is the table of its own digit, and a word works on whole tables.
    """
    if isinstance(formula, bool):
        return _ALWAYS if formula else 0
    if isinstance(formula, int):
        return _DIGITS[inputs.index(formula)]
    tables = [table_of(part, inputs) for part in _operands(formula)]
    if formula[0] == "not":
        return tables[0] ^ _ALWAYS
    return reduce(and_ if formula[0] == "and" else or_, tables)


def compared(cmp: str, value: int, at_least: object) -> Formula:
    """A comparison of a non-negative number by the one question "is it at least k?"."""
    question = at_least if callable(at_least) else None
    assert question is not None  # noqa: S101 — typed for the callers' lambdas
    if cmp == ">=":
        return question(value)  # type: ignore[no-any-return]
    if cmp == ">":
        return question(value + 1)  # type: ignore[no-any-return]
    if cmp == "<":
        return negate(question(value))
    if cmp == "<=":
        return negate(question(value + 1))
    exact = join("and", [question(value), negate(question(value + 1))])
    return exact if cmp == "==" else negate(exact)


def cut(formula: Formula, make: Callable[[tuple[int, ...], int], int]) -> int:
    """The bit of a formula: a bit stays itself, anything else becomes nodes made by `make`."""
    if isinstance(formula, int) and not isinstance(formula, bool):
        return formula
    inputs = inputs_of(formula)
    if len(inputs) <= INPUTS:
        return make(inputs, table_of(formula, inputs))
    assert isinstance(formula, tuple)  # noqa: S101 — only compound formulas have many inputs
    word, parts = str(formula[0]), [cut(part, make) for part in _operands(formula)]
    while len(parts) > INPUTS:
        parts = [
            cut(join(word, list(parts[at : at + INPUTS])), make)
            for at in range(0, len(parts), INPUTS)
        ]
    whole: Formula = (word, *parts) if word == "not" else join(word, list(parts))
    return cut(whole, make)


def _operands(formula: tuple[str | Formula, ...]) -> list[Formula]:
    return [part for part in formula[1:] if not isinstance(part, str)]


def _operand(formula: tuple[str | Formula, ...], at: int) -> Formula:
    part = formula[at]
    assert not isinstance(part, str)  # noqa: S101 — only place 0 holds the word
    return part
