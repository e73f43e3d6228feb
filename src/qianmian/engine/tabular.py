"""Lists as the arrays that kernels read."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt


def int64_table(rows: list[Any], width: int) -> npt.NDArray[np.int64]:
    """Rows as an array; one row of zeros when there are none, so that kernels see its type.

    Shapes: int64[max(n_rows, 1), width]
    """
    table = np.zeros((max(len(rows), 1), width), np.int64)
    if rows:
        table[: len(rows)] = np.array(rows, np.int64).reshape(-1, width)
    return table


def csr(groups: list[list[Any]]) -> tuple[npt.NDArray[np.int32], list[Any]]:
    """Groups one after the other: where each begins, and all their rows.

    Shapes: int32[n_groups + 1]
    """
    start = np.zeros(len(groups) + 1, np.int32)
    start[1:] = np.cumsum([len(group) for group in groups])
    return start, [row for group in groups for row in group]


def bit_mask(bits: list[int], n_words: int) -> npt.NDArray[np.uint64]:
    """These bits set.

    Shapes: uint64[n_words]
    """
    mask = np.zeros(n_words, np.uint64)
    for bit in bits:
        mask[bit >> 6] |= np.uint64(1) << np.uint64(bit & 63)
    return mask
