"""What memory an event of each type will reach, so that it can be asked for in advance."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import numpy.typing as npt

from qianmian.engine import words as w

LINE_WORDS = 16
LINES, BLOCKS = 14, 12  # of one type, at most so many are asked for
LIST_WORDS = 4  # of the largest slot that is not a sequence of times

Table = npt.NDArray[np.int32]


def lines_of(instructions: Table, start: Table, header_words: int) -> Table:
    """Cache lines of a row that an event of each type touches, those of the header first.

    Shapes: int32[n, 11], int32[types + 1] -> int32[types, 14], -1 where there are no more
    """
    lines = np.full((len(start) - 1, LINES), -1, np.int32)
    for kind in range(len(lines)):
        touched = dict.fromkeys(range(-(-header_words // LINE_WORDS)))
        for row in instructions[start[kind] : start[kind + 1]]:
            if row[w.I_OFF]:
                words = int(row[w.I_CAP]) if row[w.I_OP] == w.OP_TIMES else LIST_WORDS
                touched[int(row[w.I_OFF]) // LINE_WORDS] = None
                touched[(int(row[w.I_OFF]) + words - 1) // LINE_WORDS] = None
        chosen = list(touched)[:LINES]
        lines[kind, : len(chosen)] = chosen
    return lines


def blocks_of(
    instructions: Table, start: Table, lists: Collection[int], family_at: Sequence[int]
) -> Table:
    """Words of a row that point to the lists which an event of each type touches.

    Args:
        lists: the words that point to lists.
        family_at: where the list of each family is; its members' cancellers touch it, too.

    Shapes: int32[n, 11], int32[types + 1] -> int32[types, 12], -1 where there are no more
    """
    blocks = np.full((len(start) - 1, BLOCKS), -1, np.int32)
    for kind in range(len(blocks)):
        touched: dict[int, None] = {}
        for row in instructions[start[kind] : start[kind + 1]]:
            touched[int(row[w.I_OFF])] = None
            if row[w.I_OP] == w.OP_CANCEL:
                touched[family_at[int(row[w.I_X])]] = None
        chosen = [off for off in touched if off in lists][:BLOCKS]
        blocks[kind, : len(chosen)] = chosen
    return blocks
