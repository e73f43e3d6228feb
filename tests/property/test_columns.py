"""Laws of event batches on random rows: nothing is lost, and order is what the rule says."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from qianmian.columns.arrow import from_arrow, to_arrow
from qianmian.columns.batch import EventBatch, concat
from qianmian.columns.column import MISSING
from qianmian.columns.fields import NUMBER_FIELDS, STRING_FIELDS
from qianmian.vocabulary.events import CATALOG

NUMBER = st.integers(MISSING + 1, (1 << 63) - 1)
TEXT = st.text(st.characters(codec="utf-8"), max_size=5)
LINE = st.fixed_dictionaries(
    {"product": TEXT, "quantity": NUMBER},
    optional={"category": TEXT, "price": NUMBER, "amount": NUMBER},
)
SCALAR = st.booleans() | NUMBER | TEXT | st.floats(allow_nan=False, allow_infinity=False)
ROW: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "step": st.integers(0, 2),
        "event_time": st.integers(0, 5),
        "type": st.sampled_from([event.name for event in CATALOG]),
    },
    optional=dict.fromkeys(STRING_FIELDS, TEXT)
    | {name: NUMBER for name in NUMBER_FIELDS if name != "message"}
    | {
        "items": st.lists(LINE, min_size=1, max_size=3),
        "traits": st.dictionaries(TEXT, SCALAR, max_size=3),
    },
)


@st.composite
def logs(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Rows in messages: step 0 stays in the message, 1 opens one at its clock, 2 a later one."""
    clock, message, rows = 10, 0, []
    for row in draw(st.lists(ROW, max_size=12)):
        step = row.pop("step")
        message += step > 0
        clock += step > 1
        rows.append(row | {"clock": clock, "message": message})
    return rows


@given(logs())
def test_columns_hold_exactly_the_rows(rows: list[dict[str, Any]]) -> None:
    expected = sorted(rows, key=lambda row: (row["message"], row["event_time"]))  # stable
    assert EventBatch.from_rows(rows).to_rows() == expected


@given(logs())
def test_arrow_gives_the_batch_back(rows: list[dict[str, Any]]) -> None:
    batch = EventBatch.from_rows(rows)
    back = from_arrow(to_arrow(batch))
    assert back.to_rows() == batch.to_rows()
    assert set(back.strings) == set(batch.strings)
    assert set(back.numbers) == set(batch.numbers)


@given(logs(), st.data())
def test_parts_put_together_are_the_whole(rows: list[dict[str, Any]], data: st.DataObject) -> None:
    batch = EventBatch.from_rows(rows)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(batch)), max_size=3)))
    bounds = [0, *cuts, len(batch)]
    parts = [batch.slice(*pair) for pair in itertools.pairwise(bounds)]
    assert concat(parts).to_rows() == batch.to_rows()
    through_arrow = concat([from_arrow(to_arrow(part)) for part in parts])
    assert through_arrow.to_rows() == batch.to_rows()


@given(logs(), st.data())
def test_dealing_out_keeps_every_event_in_its_order(
    rows: list[dict[str, Any]], data: st.DataObject
) -> None:
    batch = EventBatch.from_rows(rows)
    everything = batch.to_rows()
    of_first = np.array(data.draw(st.lists(st.booleans(), min_size=len(rows), max_size=len(rows))))
    for wanted in (of_first.astype(bool), ~of_first.astype(bool)):
        taken = batch.take(np.flatnonzero(wanted))
        assert taken.to_rows() == [everything[row] for row in np.flatnonzero(wanted)]


@given(logs())
def test_rows_read_back_make_the_same_batch(rows: list[dict[str, Any]]) -> None:
    batch = EventBatch.from_rows(rows)
    again = EventBatch.from_rows(batch.to_rows())
    assert again.to_rows() == batch.to_rows()
