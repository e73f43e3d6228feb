"""A look-up table says what its formula says, case by case."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from qianmian.language.formula import INPUTS, Formula, inputs_of, table_of

FORMULAS: st.SearchStrategy[Formula] = st.recursive(
    st.integers(0, INPUTS - 1) | st.booleans(),
    lambda parts: st.builds(
        lambda word, some: (word, *some[: 1 if word == "not" else None]),
        st.sampled_from(("not", "and", "or")),
        st.lists(parts, min_size=1, max_size=3),
    ),
    max_leaves=12,
)


def said(formula: Formula, true: set[int]) -> bool:
    """What it says when exactly these bits are true."""
    if not isinstance(formula, tuple):
        return formula if isinstance(formula, bool) else formula in true
    word, *parts = formula
    values = [said(part, true) for part in parts if not isinstance(part, str)]
    return not values[0] if word == "not" else (all if word == "and" else any)(values)


@given(FORMULAS)
def test_a_table_holds_the_answer_of_every_case(formula: Formula) -> None:
    inputs = inputs_of(formula)
    table = table_of(formula, inputs)
    for case in range(1 << INPUTS):
        true = {bit for digit, bit in enumerate(inputs) if case >> digit & 1}
        assert table >> case & 1 == said(formula, true)
