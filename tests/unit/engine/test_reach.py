"""What the loop asks for ahead is what an event then touches."""

from __future__ import annotations

import numpy as np
import pytest

from qianmian.engine import words as w
from qianmian.engine.core import Core
from qianmian.engine.reach import LINE_WORDS
from qianmian.engine.state import aligned_words
from qianmian.language.parse import parse_definition
from qianmian.vocabulary.events import CODE_BY_NAME


def test_a_slot_of_times_is_asked_for_to_its_last_word() -> None:
    counts = {"product_viewed": 8, "product_clicked": 3, "liked": 8}
    core = Core(
        [
            parse_definition(kind, f"count({kind}) within 60s >= {least}", kind="tag")
            for kind, least in counts.items()
        ]
    )
    tables = core.plan.fresh_tables()
    liked = CODE_BY_NAME["liked"]
    (row,) = tables.INS[tables.INS0[liked] : tables.INS0[liked + 1]]
    assert row[w.I_OP] == w.OP_TIMES
    first = int(row[w.I_OFF]) // LINE_WORDS
    last = int(row[w.I_OFF] + row[w.I_CAP] - 1) // LINE_WORDS
    assert last == first + 1
    assert {first, last} <= set(tables.LINES[liked].tolist())


@pytest.mark.parametrize("words", [1, 1_000, 10_000_000])
def test_blocks_begin_at_a_cache_line(words: int) -> None:
    made = aligned_words(words)
    assert made.dtype == np.int32
    assert len(made) == words
    assert made.ctypes.data % 64 == 0
